#!/usr/bin/env python3
"""Checks evidence from a Holdfast log offline, without any of Holdfast's code and with nothing but Python's own library.

  verifier.py EXPORT.jsonl [CHECKPOINT ...] [--key VERIFIER_KEY]   the whole log: hash chain, blobs, and what was signed
  verifier.py PROOF.json [--key VERIFIER_KEY]                       one event is in the log, or the log continues an older one

Exit 0: it holds. Exit 1: it does not, and the first place where it does not is named. Exit 2: wrong usage.

What is checked is defined elsewhere: batch hash = SHA-256(previous || SHA-256(event 1) || ... || SHA-256(event n)), the
first previous is SHA-256("holdfast/1/" + fleetId); the tree is that of RFC 6962 with the events as leaves; checkpoints are
signed notes (C2SP signed-note) with Ed25519 (RFC 8032).
"""
import base64
import hashlib
import json
import re
import sys

# --- Ed25519, RFC 8032 section 5.1 -----------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    """The sum of two points in extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, T = XY/Z."""
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    u = 2 * a[3] * b[3] * D % P
    v = 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, point):
    result = IDENTITY
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_from(data):
    """The point of 32 bytes, or None when they are none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P != 0 or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_from((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point_from(public), point_from(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return same(times(s, BASE), add(r, times(k, a)))


# --- The tree, RFC 6962 section 2.1 ----------------------------------------------------------------------------------


def sha(data):
    return hashlib.sha256(data).digest()


def leaf(text):
    return sha(b"\0" + text)


def node(left, right):
    return sha(b"\1" + left + right)


class Tree:
    """Leaves come one by one; only the roots of full subtrees are kept."""

    def __init__(self):
        self.size = 0
        self.full = []

    def add(self, hashed):
        size = self.size
        while size & 1:
            hashed = node(self.full.pop(), hashed)
            size >>= 1
        self.full.append(hashed)
        self.size += 1

    def root(self):
        root = self.full[-1]
        for left in reversed(self.full[:-1]):
            root = node(left, root)
        return root


def root_by_path(hashed, index, size, path):
    path, last = list(path), size - 1
    while last > 0:
        if index & 1 or index != last:
            if not path:
                return None
            partner = path.pop(0)
            hashed = node(partner, hashed) if index & 1 else node(hashed, partner)
        index, last = index >> 1, last >> 1
    return None if path else hashed


def continues(older, newer, path):
    """Whether the newer (size, root) begins with the older one."""
    if not 0 < older[0] <= newer[0]:
        return False
    if older[0] == newer[0]:
        return not path and older[1] == newer[1]
    index, last, path = older[0] - 1, newer[0] - 1, list(path)
    while index & 1:
        index, last = index >> 1, last >> 1
    if index == 0:
        was = now = older[1]
    elif path:
        was = now = path.pop(0)
    else:
        return False
    while last > 0:
        if index & 1 or index != last:
            if not path:
                return False
            partner = path.pop(0)
            if index & 1:
                was, now = node(partner, was), node(partner, now)
            else:
                now = node(now, partner)
        index, last = index >> 1, last >> 1
    return not path and was == older[1] and now == newer[1]


# --- Checkpoints -----------------------------------------------------------------------------------------------------

FORM = re.compile(
    r"holdfast/(?P<fleet>[^\n ]+)\n(?P<size>[1-9]\d*)\n(?P<root>[\w+/]{43}=)\nepoch \d+\nat \d+\n"
    r"chain (?P<chain>[0-9a-f]{64})\ned25519 (?P<key>[\w+/]{43}=)\n"
)


class Fails(Exception):
    """The evidence does not hold."""


def read_checkpoint(note, trusted):
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    said = FORM.fullmatch(text)
    if said is None:
        raise Fails("this is no checkpoint of a log")
    public = base64.b64decode(said["key"])
    name = "holdfast/" + said["fleet"]
    key_id = sha(name.encode() + b"\n\1" + public)[:4]
    key = f"{name}+{key_id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"
    if trusted is not None and trusted.strip() != key:
        raise Fails(f"the checkpoint was signed by another key: {key}")
    for line in signatures.splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[0] != "\u2014" or words[1] != name:
            continue
        signature = base64.b64decode(words[2])
        if signature[:4] == key_id and is_signed(public, text.encode(), signature[4:]):
            root = base64.b64decode(said["root"])
            return {"fleet": said["fleet"], "size": int(said["size"]), "root": root, "chain": said["chain"], "key": key}
    raise Fails("no signature on the checkpoint is right")


# --- A whole log -----------------------------------------------------------------------------------------------------

HASHED = re.compile(rb',"hash":"([0-9a-f]{64})"}$')


def check_blob(line, number):
    said = json.loads(line)
    content = said["text"].encode() if "text" in said else base64.b64decode(said["base64"])
    if hashlib.sha256(content).hexdigest() != said["blob"] or len(content) != said["bytes"]:
        raise Fails(f"line {number}: the blob is not what its name says")


def check_log(path, notes, trusted):
    held = sorted((read_checkpoint(note, trusted) for note in notes), key=lambda checkpoint: checkpoint["size"])
    tree, chain, batch, fleet, left = Tree(), None, [], None, list(held)
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip(b"\n")
            if line.startswith(b'{"blob":'):
                check_blob(line, number)
                continue
            ending = HASHED.search(line)
            text = line[: ending.start()] + b"}" if ending else line
            event, position = json.loads(text), tree.size + 1
            if event["position"] != position or event["index"] != len(batch):
                raise Fails(f"line {number}: position {position} is missing or in another place")
            if chain is None:
                fleet = event["data"]["fleetId"]
                chain = sha(b"holdfast/1/" + fleet.encode())
            tree.add(leaf(text))
            batch.append(sha(text))
            if ending:
                chain, batch = sha(chain + b"".join(batch)), []
                if chain.hex() != ending[1].decode() or event["index"] != event["of"] - 1:
                    raise Fails(f"line {number}: the events up to position {position} do not lead to their hash")
            while left and left[0]["size"] == position:
                checkpoint = left.pop(0)
                if (checkpoint["root"], checkpoint["fleet"]) != (tree.root(), fleet) or checkpoint["chain"] != chain.hex():
                    raise Fails(f"the first {position} events are not those that were signed")
    if batch or chain is None:
        raise Fails(f"the log breaks off in a batch after position {tree.size}")
    if left:
        raise Fails(f"the log ends at position {tree.size} and had {left[0]['size']} events when it was signed")
    signed = held[-1]["size"] if held else 0
    print(f"sound: {tree.size} events of the fleet {fleet}, head {chain.hex()}; {signed} of them signed")
    for key in sorted({checkpoint["key"] for checkpoint in held}):
        print(f"signed by {key}")


def check_proof(proof, trusted):
    path = [bytes.fromhex(hashed) for hashed in proof["path"]]
    if proof["format"] == "holdfast-inclusion/1":
        checkpoint, position = read_checkpoint(proof["checkpoint"], trusted), proof["position"]
        event = proof["event"].encode()
        if json.loads(event)["position"] != position or not 0 < position <= checkpoint["size"]:
            raise Fails("the event is of another position")
        if root_by_path(leaf(event), position - 1, checkpoint["size"], path) != checkpoint["root"]:
            raise Fails(f"no event like this is at position {position} of what was signed")
        print(f"sound: the event {position} is in the {checkpoint['size']} events that were signed by {checkpoint['key']}")
        return
    older, newer = read_checkpoint(proof["older"], trusted), read_checkpoint(proof["newer"], trusted)
    if older["fleet"] != newer["fleet"] or not continues(
        (older["size"], older["root"]), (newer["size"], newer["root"]), path
    ):
        raise Fails("the newer log does not begin with the older one")
    print(f"sound: the {newer['size']} events begin with the {older['size']} that were signed before, by {newer['key']}")


def main(words):
    trusted = None
    if "--key" in words[:-1]:
        at = words.index("--key")
        trusted = words[at + 1]
        words = words[:at] + words[at + 2 :]
    if not words or words[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(words[0], "rb") as file:
            beginning = file.read(64)
        if re.match(rb'\s*{\s*"format":', beginning):
            with open(words[0], encoding="utf-8") as file:
                check_proof(json.load(file), trusted)
        else:
            notes = []
            for name in words[1:]:
                with open(name, encoding="utf-8") as file:
                    notes.append(file.read())
            check_log(words[0], notes, trusted)
    except Fails as failure:
        print(f"does not hold: {failure}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, ValueError) as failure:
        print(f"does not hold: this is no evidence of a Holdfast log ({failure!r})", file=sys.stderr)
        return 1
    except OSError as failure:
        print(failure, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
