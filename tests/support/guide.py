"""The blocks of a guide in deploy/guides, as a reader would use them."""

import re
import shlex
import subprocess

from .postern import ROOT

_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Guide:
    """`changes` are what a test puts in the place of addresses and paths; each must stand in the guide."""

    def __init__(self, name, changes=()):
        text = (ROOT / "deploy/guides" / name).read_text()
        for old, new in dict(changes).items():
            assert old in text, f"{name} has no {old}"
            text = text.replace(old, str(new))
        self.blocks = [found.groups() for found in _BLOCK.finditer(text)]

    def files(self):
        """Names of all files that a block belongs in."""
        return list(dict.fromkeys(file for _, file, _ in self.blocks if file))

    def file(self, name):
        """What the guide says of one file, all blocks of it together."""
        found = [text for _, file, text in self.blocks if file == name]
        assert found, name
        return "\n".join(found)

    def settings(self, name):
        """A file of `key = value` lines, as main.cf."""
        lines = [line for line in self.file(name).splitlines() if line and not line.startswith("#")]
        return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}

    def commands(self):
        """(command, lines that its output has) of each console block, in order."""
        found = []
        for language, _, text in self.blocks:
            for line in text.splitlines() if language == "console" else ():
                if line.startswith("$ "):
                    found.append((line[2:], []))
                else:
                    found[-1][1].append(line)
        assert found
        return found

    def run(self, programs):
        """Runs each command; `programs` are the words in the place of its first one, for each program that may
        be used."""
        for command, expected in self.commands():
            program, *arguments = shlex.split(command)
            done = subprocess.run([*map(str, programs[program]), *arguments], capture_output=True, text=True, timeout=60)
            said = done.stdout + done.stderr
            for line in expected:
                assert line in said, f"{command}\nsays\n{said}\nwithout\n{line}"
            if not expected:
                assert done.returncode == 0, f"{command}\n{said}"
