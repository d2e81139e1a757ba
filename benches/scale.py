#!/usr/bin/env python3
"""A store of many people and letters on PostgreSQL: its size, and how quick it is while everybody waits.

usage: benches/scale.py fill FOLDER --postgres postgres://USER@HOST:PORT [--people 200000] [--placements 5000000]
       benches/scale.py measure FOLDER [--idle 1000] [--seconds 20] [--result FILE]
       benches/scale.py drop FOLDER
       before the word: [--binary target/release/passerelle] [--seed 1]

fill makes FOLDER and a database of its own, imports the people of `passerelle sample`, and sends letters through the
submission port (to one person, to classes, to teachers, to whole schools) until the mailboxes hold so many. measure does
so beside --idle sessions that wait, with a letter to 5 000 people in the middle; --result appends the figures to a file, a
JSON line for each run, which benches/scale_plot.py draws. drop removes database and folder. Needs Python 3, psql, and
nothing else.
"""
import argparse
import base64
import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time

WORDS = """bonjour la sortie au musée est avancée merci de signer le carnet avant vendredi les élèves auront besoin de leur
manuel de mathématiques et du cahier rouge réunion parents professeurs salle polyvalente absence justifiée devoir surveillé
cantine inscription club théâtre bulletin trimestre conseil de classe orientation stage convention transport scolaire""".split()
LETTER_TO = 5000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Line:
    """A connection, read by lines."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.tag = 0

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("the server closed the connection")
        return line

    def send(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """A whole SMTP reply: its code."""
        while True:
            line = self.read()
            if line[3:4] != b"-":
                return int(line[:3])

    def imap(self, command, literal=None):
        """A whole IMAP command: the octets of its answer."""
        self.tag += 1
        tag = b"a%d " % self.tag
        self.send(tag + command.encode() + b"\r\n")
        if literal is not None:
            assert self.read().startswith(b"+"), command
            self.send(literal + b"\r\n")
        answer = []
        while True:
            line = self.read()
            if line.startswith(tag):
                if not line.startswith(tag + b"OK"):
                    raise AssertionError(f"{command}: {line}")
                return b"".join(answer)
            answer.append(line)
            size = re.search(rb"\{(\d+)\}\r\n$", line)
            if size:
                answer.append(self.file.read(int(size[1])))


class Server:
    def __init__(self, binary, folder, store):
        self.binary, self.folder = binary, folder
        self.imap, self.smtp = free_port(), free_port()
        self.config = os.path.join(folder, "passerelle.toml")
        limits = "".join(
            f"[limits.{profile}]\nmessages_per_hour_max = 1000000\nmessages_per_day_max = 1000000\n"
            "people_per_message_max = 20000\npeople_per_day_max = 100000000\nfirst_time_per_day_max = 1000000\n"
            for profile in ("teacher", "personnel"))
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"""domain = "school.test"
data_dir = "{folder}/data"
[store]
url = "{store}"
[listen]
imap = "127.0.0.1:{self.imap}"
submission = "127.0.0.1:{self.smtp}"
connections_max = 20000
[login]
without_tls_from_loopback = true
remember_seconds = 36000
[submission]
messages_per_connection_max = 1000000
[log]
filter = "warn"
{limits}""")
        self.process = None

    def run(self, *arguments, **options):
        started = time.monotonic()
        subprocess.run([self.binary, *arguments], check=True, stdout=subprocess.DEVNULL, **options)
        return time.monotonic() - started

    def start(self):
        """Seconds from the start to the first greeting."""
        started = time.monotonic()
        self.process = subprocess.Popen([self.binary, "serve", "--config", self.config], stdout=subprocess.DEVNULL)
        while True:
            try:
                Line(self.imap).read()
                return time.monotonic() - started
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("the server ended before it was ready")
                time.sleep(0.01)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def resident(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024

    def log_in(self, user):
        line = Line(self.imap)
        line.read()
        line.imap(f"LOGIN {user} secret12")
        return line

    def submission(self, user):
        line = Line(self.smtp)
        line.reply()
        line.send(b"EHLO bench\r\n")
        line.reply()
        token = base64.b64encode(f"\0{user}\0secret12".encode())
        line.send(b"AUTH PLAIN " + token + b"\r\n")
        assert line.reply() == 235, user
        return line


class Database:
    def __init__(self, server, name):
        self.server, self.name = server.rstrip("/"), name

    @property
    def url(self):
        return f"{self.server}/{self.name}"

    def run(self, statement, database=None):
        target = f"{self.server}/{database}" if database else self.url
        done = subprocess.run(["psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", statement],
                              check=True, capture_output=True, text=True)
        return [row.split("\t") for row in done.stdout.splitlines()]

    def one(self, statement):
        return self.run(statement)[0][0]


class School:
    """Who writes there, and to what."""

    def __init__(self):
        self.senders, self.people, self.groups = [], [], []


def schools(database):
    found = {}
    for school, name, profile in database.run(
            """select s.school_id, a.local_part, u.profile from ent_user u join user_school s on s.user_id = u.id
               join address a on a.user_id = u.id and a.is_primary where not u.suspended order by 1, 2"""):
        place = found.setdefault(school, School())
        place.people.append(name)
        if profile == "Personnel":
            place.senders.append(name)
    for school, name, size in database.run(
            """select g.school_id, a.local_part, count(*) from ent_group g
               join address a on a.group_id = g.id and a.is_primary join group_member m on m.group_id = g.id
               where not g.closed and g.school_id is not null group by 1, 2 order by 1, 2"""):
        found[school].groups.append((name, int(size)))
    return [school for school in found.values() if school.senders and school.groups]


class Writer:
    """Letters, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.block = base64.encodebytes(random.Random(0).randbytes(300_000)).replace(b"\n", b"\r\n")

    def text(self):
        words = " ".join(self.random.choices(WORDS, k=int(self.random.lognormvariate(5.2, 0.7))))
        return re.sub(r"(.{60,75}) ", r"\1\r\n", words)

    def letter(self, sender, to):
        number = self.random.randbytes(8).hex()
        subject = " ".join(self.random.choices(WORDS, k=5))
        head = (f"From: <{sender}@school.test>\r\nTo: <{to}@school.test>\r\nSubject: =?utf-8?b?"
                f"{base64.b64encode(subject.encode()).decode()}?=\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n"
                f"Message-ID: <{number}@bench.test>\r\nMIME-Version: 1.0\r\n").encode()
        text = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + self.text().encode()
        if self.random.random() > 0.05:
            return head + text + b"\r\n"
        at = 78 * self.random.randrange(2000)
        sheet = self.block[at:at + 78 * self.random.randrange(500, 3000)]
        return (head + b"Content-Type: multipart/mixed; boundary=frontier\r\n\r\n--frontier\r\n" + text
                + b"\r\n--frontier\r\nContent-Type: application/pdf; name=fiche.pdf\r\n"
                  b"Content-Disposition: attachment; filename=fiche.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + f"{number}\r\n".encode() + sheet + b"\r\n--frontier--\r\n")

    def recipient(self, school):
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(school.people), 1
        small = [group for group in school.groups if group[1] <= 60]
        large = [group for group in school.groups if group[1] > 60]
        return self.random.choice(small if kind < 0.72 and small or not large else large)


def submit(line, sender, to, letter):
    """Sends a letter: the time from the end of DATA to 250; None where it was refused."""
    line.send(f"MAIL FROM:<{sender}@school.test>\r\nRCPT TO:<{to}@school.test>\r\nDATA\r\n".encode())
    codes = [line.reply() for _ in range(3)]
    if codes[2] != 354:
        line.send(b"RSET\r\n")
        line.reply()
        return None
    octets = re.sub(rb"(?m)^\.", b"..", letter) + b".\r\n"
    line.send(octets)
    started = time.monotonic()
    code = line.reply()
    return time.monotonic() - started if code == 250 else None


def fill(server, places, wanted, seed, connections=8):
    """Sends letters until so many placements lie there; (letters, refused, seconds)."""
    lock, count = threading.Lock(), {"placements": 0, "letters": 0, "refused": 0}

    def work(number):
        writer = Writer(f"{seed} {number}")
        while True:
            school = writer.random.choice(places)
            sender = writer.random.choice(school.senders)
            line = server.submission(sender)
            for _ in range(100):
                to, size = writer.recipient(school)
                went = submit(line, sender, to, writer.letter(sender, to)) is not None
                with lock:
                    count["letters" if went else "refused"] += 1
                    count["placements"] += size + 1 if went else 0
                    if count["placements"] >= wanted:
                        return
            line.socket.close()

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(30 if wanted > 500_000 else 5)
        print(f"  {count} after {time.monotonic() - started:.0f} s", flush=True)
    return count["letters"], count["refused"], time.monotonic() - started


class Times:
    """Seconds of each command, with the moment it began."""

    def __init__(self):
        self.lock, self.all = threading.Lock(), []

    def take(self, name, act):
        started = time.monotonic()
        act()
        took = time.monotonic() - started
        with self.lock:
            self.all.append((name, started, took))

    def figures(self, within=None):
        named = {}
        for name, started, took in self.all:
            if within is None or within[0] <= started + took and started <= within[1]:
                named.setdefault(name, []).append(took * 1000)
        return {name: {"count": len(times), "p50": quantile(times, 0.5), "p99": quantile(times, 0.99), "max": max(times)}
                for name, times in sorted(named.items())}


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def open_inboxes(server, people):
    """The first thing a client does, on mailboxes that nobody has opened since the start."""
    times = Times()
    for person in people:
        line = Line(server.imap)
        line.read()
        times.take("LOGIN, the first", lambda: line.imap(f"LOGIN {person} secret12"))
        times.take("SELECT INBOX, the first", lambda: line.imap("SELECT INBOX"))
        times.take("FETCH all, the first", lambda: line.imap("FETCH 1:* (UID FLAGS ENVELOPE RFC822.SIZE)"))
        line.socket.close()
    return times.figures()


class Waiting(threading.Thread):
    """Sessions in IDLE; notes when each hears of a new message."""

    def __init__(self, server, people):
        super().__init__(daemon=True)
        self.lines = []
        for person in people:
            line = server.log_in(person)
            line.imap("SELECT INBOX")
            line.send(b"i IDLE\r\n")
            line.read()
            self.lines.append(line)
        self.heard = {}

    def run(self):
        import select
        poll = select.poll()
        by_number = {line.socket.fileno(): line for line in self.lines}
        for number in by_number:
            poll.register(number, select.POLLIN)
        while True:
            for number, _ in poll.poll():
                now = time.monotonic()
                if b"EXISTS" in by_number[number].socket.recv(4096):
                    self.heard.setdefault(number, []).append(now)
                    if len(self.heard[number]) > 100_000:
                        return


def commands(server, person, school, times, until, seed):
    writer = Writer(f"commands {seed} {person}")
    line, out = server.log_in(person), server.submission(person)
    status = line.imap("SELECT INBOX")
    there = int(re.search(rb"\* (\d+) EXISTS", status)[1])
    draft = writer.letter(person, person)
    while time.monotonic() < until:
        number = writer.random.randint(1, there) if there else 0
        one = writer.random.choice(school.people)
        letter = writer.letter(person, one)
        acts = [
            ("NOOP", lambda: line.imap("NOOP")),
            ("SELECT INBOX", lambda: line.imap("SELECT INBOX")),
            ("STATUS", lambda: line.imap("STATUS Sent (MESSAGES UNSEEN UIDNEXT)")),
            ("LIST", lambda: line.imap('LIST "" "*"')),
            ("SEARCH UNSEEN", lambda: line.imap("SEARCH UNSEEN")),
            ("SEARCH SUBJECT", lambda: line.imap("SEARCH CHARSET UTF-8 SUBJECT sortie")),
            ("APPEND", lambda: line.imap(f"APPEND Drafts (\\Draft) {{{len(draft)}}}", draft)),
            ("submission to one", lambda: submit(out, person, one, letter)),
        ]
        if number:
            acts += [
                ("FETCH flags of all", lambda: line.imap("FETCH 1:* (FLAGS)")),
                ("FETCH envelope", lambda: line.imap(f"FETCH {number} (ENVELOPE BODYSTRUCTURE)")),
                ("FETCH body", lambda: line.imap(f"FETCH {number} BODY.PEEK[]")),
                ("STORE", lambda: line.imap(f"STORE {number} +FLAGS (\\Seen)")),
            ]
        writer.random.shuffle(acts)
        for name, act in acts:
            times.take(name, act)
            time.sleep(writer.random.random() * 0.04)


def tables(database):
    rows = database.run("""select relname, pg_total_relation_size(c.oid), pg_indexes_size(c.oid), reltuples::bigint
        from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace order by 2 desc limit 12""")
    return {name: {"bytes": int(size), "indexes": int(indexes), "rows": int(count)} for name, size, indexes, count in rows}


def measure(server, database, places, args):
    result = {"start_seconds": server.start()}
    result["resident_at_start_mb"] = server.resident()
    chosen = random.Random(args.seed)
    big = [row[0] for row in database.run(
        "select a.local_part from group_member m join address a on a.user_id = m.user_id and a.is_primary where m.group_id = 'bench' order by 1")]
    result["open"] = open_inboxes(server, chosen.sample(big, min(300, len(big))))
    idle = Waiting(server, chosen.sample(big, min(args.idle, len(big))))
    result["idle_sessions"] = len(idle.lines)
    result["resident_idle_mb"] = server.resident()
    idle.start()
    times, until = Times(), time.monotonic() + args.seconds
    workers = []
    for number in range(8):
        school = chosen.choice(places)
        person = chosen.choice(school.senders)
        workers.append(threading.Thread(target=commands, args=(server, person, school, times, until, number)))
    sender = places[0].senders[0]
    line = server.submission(sender)
    # Another one each time: the same again would not be delivered twice.
    letter = Writer(f"large {time.time_ns()}").letter(sender, "bench")
    for worker in workers:
        worker.start()
    time.sleep(args.seconds / 2)
    before = {number: len(heard) for number, heard in idle.heard.items()}
    started = time.monotonic()
    accepted = submit(line, sender, "bench", letter)
    assert accepted is not None, "the letter to the large group was refused"
    for worker in workers:
        worker.join()
    pushed = [idle.heard[l.socket.fileno()][before.get(l.socket.fileno(), 0)] - started - accepted for l in idle.lines
              if len(idle.heard.get(l.socket.fileno(), [])) > before.get(l.socket.fileno(), 0)]
    result["letter"] = {"people": len(big), "accepted_ms": accepted * 1000, "told": len(pushed),
                        "told_p50_ms": quantile(pushed, 0.5) * 1000, "told_last_ms": max(pushed) * 1000}
    result["commands"] = times.figures()
    result["commands_beside_the_letter"] = times.figures((started, started + accepted + 0.5))
    result["resident_peak_mb"] = server.resident("VmHWM")
    return result


def large_group(database):
    """A group of 5 000 people of all schools (of all, where there are fewer), whom the first school's personnel may write to."""
    database.run(f"""
        insert into ent_group (id, school_id, kind, name, users_rule, closed, created_at)
            values ('bench', null, 'Manual', 'Bench', 'none', false, 0);
        insert into address (local_part, group_id, is_primary, created_at) values ('bench', 'bench', true, 0);
        insert into group_member (group_id, user_id)
            select 'bench', id from ent_user where not suspended order by md5(id) limit {LETTER_TO};
        insert into communication_rule (from_group_id, to_group_id)
            select id, 'bench' from ent_group where profile = 'Personnel' and class_id is null;
        update directory_clock set version = version + 1""")


def fill_store(args):
    folder = os.path.abspath(args.folder)
    os.makedirs(folder)
    database = Database(args.postgres, f"scale_{args.people}_{os.getpid()}")
    database.run(f"create database {database.name}", "postgres")
    server = Server(args.binary, folder, database.url)
    result = {"people": args.people}
    server.run("sample", "--people", str(args.people), "--format", "csv", f"{folder}/people")
    result["import_seconds"] = server.run("import", f"{folder}/people", "--config", server.config)
    first = database.one("select login from ent_user order by id limit 1")
    with open(f"{folder}/password", "w", encoding="ascii") as file:
        file.write("secret12\n")
    server.run("user", "set-password", first, "--password-file", f"{folder}/password", "--config", server.config)
    # Everybody the same: working a hash out for each would take hours and tell nothing.
    database.run(f"update ent_user set password_hash = (select password_hash from ent_user where login = '{first}')")
    large_group(database)
    server.start()
    try:
        result["letters"], result["refused"], result["fill_seconds"] = fill(
            server, schools(database), args.placements, args.seed)
    finally:
        server.stop()
    database.run("vacuum analyze")
    database.run("checkpoint")
    result["placements"] = int(database.one("select count(*) from placement"))
    result["database_bytes"] = int(database.one("select pg_database_size(current_database())"))
    result["tables"] = tables(database)
    result["blobs_bytes"] = sum(os.path.getsize(os.path.join(where, name))
                                for where, _, names in os.walk(f"{folder}/data/blobs") for name in names)
    with open(f"{folder}/state.json", "w", encoding="utf-8") as file:
        json.dump({"server": database.server, "name": database.name, "result": result}, file)


def state(args):
    with open(os.path.join(args.folder, "state.json"), encoding="utf-8") as file:
        kept = json.load(file)
    return Database(kept["server"], kept["name"]), kept["result"]


def measure_store(args):
    database, result = state(args)
    server = Server(args.binary, os.path.abspath(args.folder), database.url)
    try:
        result |= measure(server, database, schools(database), args)
    finally:
        if server.process:
            server.stop()
    print(json.dumps(result, indent=2, ensure_ascii=False))
    if args.result:
        with open(args.result, "a", encoding="utf-8") as file:
            file.write(json.dumps(result, ensure_ascii=False) + "\n")


def drop_store(args):
    database, _ = state(args)
    database.run(f"drop database {database.name}", "postgres")
    shutil.rmtree(args.folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", default="target/release/passerelle")
    parser.add_argument("--seed", type=int, default=1)
    tasks = parser.add_subparsers(required=True)
    task = tasks.add_parser("fill")
    task.add_argument("--postgres", required=True)
    task.add_argument("--people", type=int, default=200_000)
    task.add_argument("--placements", type=int, default=5_000_000)
    task.set_defaults(do=fill_store)
    task = tasks.add_parser("measure")
    task.add_argument("--idle", type=int, default=1000)
    task.add_argument("--seconds", type=float, default=20)
    task.add_argument("--result")
    task.set_defaults(do=measure_store)
    task = tasks.add_parser("drop")
    task.set_defaults(do=drop_store)
    for task in tasks.choices.values():
        task.add_argument("folder")
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    main()
