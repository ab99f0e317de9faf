"""An engine's seccomp profile as the kernel takes it, and stricter: what is not allowed ends the process."""

import json
import os
import pathlib
import re
import struct
import subprocess

LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
ARCHITECTURE, NUMBERS = {
    "x86_64": (0xC000003E, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": (0xC00000B7, "/usr/include/asm-generic/unistd.h"),
}[os.uname().machine]


def numbers():
    """Every system call that this machine has, by its name."""
    text = pathlib.Path(NUMBERS).read_text()
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)
    return {"newfstatat" if name == "fstatat" else name: int(number) for name, number in found}


def compiled(profile):
    """The profile as BPF. Of conditions it knows the one that ours have: the first argument is a number."""
    known = numbers()
    code = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, ARCHITECTURE), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    document = json.loads(pathlib.Path(profile).read_text())
    assert document["defaultAction"] == "SCMP_ACT_ERRNO"
    for rule in document["syscalls"]:
        assert rule["action"] == "SCMP_ACT_ALLOW"
        for name in rule["names"]:
            if name not in known:
                continue  # of another architecture
            if "args" not in rule:
                code += [(JUMP_EQUAL, 0, 1, known[name]), (RETURN, 0, 0, ALLOW)]
                continue
            (condition,) = rule["args"]
            assert (condition["index"], condition["op"]) == (0, "SCMP_CMP_EQ")
            # The lower half of the first argument; then the number again, for the next rule.
            code += [(JUMP_EQUAL, 0, 4, known[name]), (LOAD, 0, 0, 16), (JUMP_EQUAL, 0, 1, condition["value"]),
                     (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 0)]
    code.append((RETURN, 0, 0, KILL))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def prepared(folder, profile="docker/seccomp.json"):
    """What a container needs to run under the profile: (source, target) of each mount."""
    program, filter = os.path.join(folder, "filtered"), os.path.join(folder, "filter.bpf")
    subprocess.run(["cc", "-static", "-O1", "-o", program, "Tests/Container/filtered.c"], check=True)
    pathlib.Path(filter).write_bytes(compiled(profile))
    os.chmod(folder, 0o755)
    return [(program, "/usr/local/bin/filtered"), (filter, "/filter.bpf")]
