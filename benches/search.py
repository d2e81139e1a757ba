#!/usr/bin/env python3
"""How long APPEND, SEARCH and STORE take in a mailbox of many messages.

usage: benches/search.py [--messages 10000] [--binary target/release/passerelle] [--store postgres://…] [--repeat 5]

Starts the demo in a temporary folder, on free ports of 127.0.0.1; prints milliseconds, the best of the repetitions.
Needs Python 3 and nothing else.
"""
import argparse
import random
import socket
import subprocess
import tempfile
import threading
import time

SYLLABLES = "ren trée con seil clas se mar tin par ent élè ve réu nion can tine bou ger lir tion ma thé tre que pro fes".split()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)
        self.file.readline()

    def say(self, octets):
        """Sends a command; its untagged lines and the milliseconds it took."""
        start = time.perf_counter()
        self.socket.sendall(b"a " + octets + b"\r\n")
        lines = []
        while True:
            line = self.file.readline()
            if line.startswith(b"a "):
                assert line.startswith(b"a OK"), (octets[:80], line)
                return lines, (time.perf_counter() - start) * 1000
            lines.append(line)


def letter(number, chance, words):
    def text(count):
        return " ".join(chance.choice(words) for _ in range(count))
    rare = f" aiguille{number}" if number % 1000 == 7 else ""
    return (f"From: {text(2)} <u{number % 97}@school.test>\r\nTo: <u0001@school.test>\r\nSubject: {text(6)}{rare}\r\n"
            f"Date: {number % 28 + 1} Nov 2026 10:00:00 +0100\r\nMessage-ID: <{chance.getrandbits(64):016x}.{number}@school.test>\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text(180)}{rare}\r\n").encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--binary", default="target/release/passerelle")
    parser.add_argument("--store")
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    port, chance = free_port(), random.Random(1)
    words = ["".join(chance.choice(SYLLABLES) for _ in range(chance.randint(1, 4))) for _ in range(5000)]
    with tempfile.TemporaryDirectory() as folder:
        command = [args.binary, "demo", "--data-dir", folder, "--domain", "school.test", "--imap-port", str(port),
                   "--imaps-port", "0", "--submission-port", "0", "--submissions-port", "0", "--ldap-port", "0", "--http-port", "0",
                   "--bench-accounts", "2", "--password", "secret"]
        server = subprocess.Popen(command + (["--store", args.store] if args.store else []), stdout=subprocess.PIPE, text=True)
        try:
            while server.stdout.readline().strip() != "ready":
                if server.poll() is not None:
                    raise SystemExit("the demo ended before it was ready")
            threading.Thread(target=server.stdout.read, daemon=True).start()
            measure(Client(port), args, chance, words, server.pid)
        finally:
            server.terminate()
            server.wait()


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 10


def measure(client, args, chance, words, pid):
    client.say(b"LOGIN u0001@school.test secret")
    last, took, used = b"", [], cpu(pid)
    for number in range(args.messages):
        last = letter(number, chance, words)
        took.append(client.say(b"APPEND INBOX {%d+}\r\n" % len(last) + last)[1])
    took.sort()
    print(f"APPEND: median {took[len(took) // 2]:.2f} ms, 99 % below {took[len(took) * 99 // 100]:.2f}, most {took[-1]:.1f}, "
          f"CPU {(cpu(pid) - used) / args.messages:.2f}")
    client.say(b"SELECT INBOX")
    identifier = last.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    half = words[0].encode()
    for name, keys in [
        ("SUBJECT, rare", b"SUBJECT aiguille7"), ("SUBJECT, common", b"SUBJECT {%d+}\r\n%s" % (len(half), half)),
        ("SUBJECT, two letters", b"SUBJECT ma"), ("FROM", b"FROM u7@school"), ("HEADER To", b"HEADER To u0001"),
        ("Message-ID", b"HEADER Message-ID " + identifier), ("BODY, rare", b"BODY aiguille7"),
        ("BODY, common", b"BODY {%d+}\r\n%s" % (len(half), half)), ("TEXT, rare", b"TEXT aiguille7"),
        ("TEXT, none", b"TEXT introuvable"), ("SINCE", b"SINCE 1-Jan-2020"), ("SENTSINCE", b"SENTSINCE 14-Nov-2026"),
        ("NOT BODY", b"NOT BODY aiguille7"),
    ]:
        answers = [client.say(b"UID SEARCH RETURN (COUNT) " + keys) for _ in range(args.repeat)]
        count = answers[0][0][0].split()[-1].decode()
        print(f"SEARCH {name}: {min(answer[1] for answer in answers):.1f} ms, {count} found")
    stores = [client.say(b"STORE 1:* %cFLAGS.SILENT (\\Flagged)" % sign)[1] for sign in b"+-" * args.repeat]
    print(f"STORE 1:*: {min(stores):.1f} ms")
    ones = [client.say(b"STORE %d +FLAGS (\\Seen)" % number)[1] for number in range(1, min(500, args.messages))]
    print(f"STORE of one: median {sorted(ones)[len(ones) // 2]:.2f} ms")


if __name__ == "__main__":
    main()
