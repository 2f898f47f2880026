"""What scenarios stand on: an SMTP client and a next hop that know nothing of Postern's code, and Postern
itself as a program that is started, asked and ended."""
