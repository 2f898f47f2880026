"""Small disks of one's own."""

import subprocess

import pytest

MIB = 1 << 20


def mount(directory, size):
    """A file system of that size ("16m") there; skips the test where nothing may be mounted."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(directory)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:  # a container may not
        pytest.skip(done.stderr)


def unmount(directory):
    subprocess.run(["umount", str(directory)], check=True)


def fill(directory):
    """To the last byte, with the file `filler`."""
    with open(directory / "filler", "wb") as filler:
        try:
            while True:
                filler.write(bytes(MIB))
                filler.flush()
        except OSError:
            pass
