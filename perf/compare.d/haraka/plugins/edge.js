'use strict'
// Takes mail for the domain from anybody. In the way "queue" it is for outside, and outside is the next hop.

const NEXT_HOP = { priority: 0, exchange: '{next_hop_address}', port: {next_hop_port} }

exports.hook_mail = (next, connection) => {
    connection.relaying = {relaying}
    next()
}

exports.hook_rcpt = (next, connection, [recipient]) => {
    if (recipient.host === 'sink.example') return next(OK)
    next(DENY, 'not here')
}

exports.hook_get_mx = (next) => next(OK, NEXT_HOP)
