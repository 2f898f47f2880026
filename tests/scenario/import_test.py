"""`postern import postfix` reads a table as Postfix does: postmap is asked about the same file."""

import random
import re
import shutil
import subprocess
import tomllib

import pytest

from support.postern import BINARY

pytestmark = pytest.mark.skipif(not shutil.which("postmap"), reason="needs Postfix: deploy/install-packages")

TABLE = """\
# what TLS_README shows, and what the format allows
Example.EDU             none
example.mil             may
example.gov             encrypt ciphers=high
.example.gov            encrypt,protocols=>=TLSv1.3
example.com             verify
    # in between
  match=hostname

\tciphers=high
novalue
example.net             secure
example.net             may
"unclosed.example       encrypt
\\ escaped.example      encrypt
[mail.example.org]:587  secure match=nexthop
thumb.example           fingerprint
    match=b6:b4:72:34
    match=51:e9:af:2e
alias.example:          encrypt
b\u00fccher.example     encrypt\r
\vvertical.example      encrypt
last.example            encrypt"""


@pytest.fixture
def postmap(tmp_path):
    """Asks Postfix, with an empty configuration."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "main.cf").write_text("compatibility_level = 3.6\nsmtputf8_enable = yes\n")

    def ask(*arguments):
        return subprocess.run(["postmap", "-c", str(etc), *map(str, arguments)], capture_output=True, text=True, timeout=30)

    return ask


def imported(file):
    """Entries by the name of their group, and what was told about each line."""
    done = subprocess.run([BINARY, "import", "postfix", "--table", "smtp_tls_policy_maps", str(file)],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode in (0, 1), done.stderr
    lists = tomllib.loads(done.stdout).get("address_list", [])
    told = re.findall(r"^" + re.escape(str(file)) + r":(\d+):\d+: (.*)", done.stderr, re.MULTILINE)
    return {one["name"]: sorted(one["entries"]) for one in lists}, [(int(line), text) for line, text in told]


def sorts_of(told):
    """What was told, without what hangs on the lines that it is about."""
    return sorted(re.sub(r"at \S+:\d+", "at", text) for _, text in told if "already" not in text and "the line " not in text)


def assert_read_alike(tmp_path, postmap, text):
    table = tmp_path / "table"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    read = postmap("-s", f"texthash:{table}")
    assert read.returncode == 0, read.stderr
    # What Postfix has read, written down as plainly as can be.
    plain = tmp_path / "plain"
    plain.write_text(read.stdout)
    ours, told = imported(table)
    postfixes, told_of_plain = imported(plain)
    assert ours == postfixes
    assert sorts_of(told) == sorts_of(told_of_plain)
    ignored = {int(line) for line in re.findall(r"line (\d+): .* -- ignoring this line", read.stderr)}
    assert {line for line, text in told if "the line " in text and "begins with a blank" not in text} == ignored
    repeated = {int(line) for line in re.findall(r"line (\d+): duplicate entry", read.stderr)}
    assert {line for line, text in told if "already" in text} == repeated
    return table, ours


def test_a_table_is_read_as_postmap_reads_it(tmp_path, postmap):
    table, ours = assert_read_alike(tmp_path, postmap, TABLE)
    assert set(ours) == {"postfix encrypt", "postfix encrypt 1.3", "postfix verify", "postfix secure", "postfix fingerprint"}
    for name, entries in ours.items():
        for entry in entries:
            key = entry.removeprefix("*").encode().decode("idna")  # "*.b" is Postfix's ".b"
            level = re.split(r"[\s,]", postmap("-q", key, f"texthash:{table}").stdout)[0]
            assert name.split()[1] == level, entry


def test_a_table_made_at_random_is_read_as_postmap_reads_it(tmp_path, postmap):
    chance = random.Random(20261125)
    parts = ["\n", "\n", "\n", " ", "\t", "#", '"', "\\", "\r\n", "\n ", "\n#", "\n \t", "encrypt", " verify", " may ", "secure,",
             "match=hostname", "\v", "\f", "\u00fc", "[", ":25", "@"]
    text = "".join(chance.choice((chance.choice(parts), f"{chance.choice(('', '.'))}{number % 2500}.example",
                                  f"\n{number % 2500}.example {chance.choice(('encrypt', 'verify', 'may'))}"))
                   for number in range(4000))
    _, ours = assert_read_alike(tmp_path, postmap, text)
    assert sum(map(len, ours.values())) > 100
