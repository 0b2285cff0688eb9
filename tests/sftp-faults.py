#!/usr/bin/env python3
"""Stands between sshd and the real sftp-server, notes what is asked, and lies where a test wants it.

usage (as Subsystem of sshd): sftp-faults.py SFTP_SERVER FOLDER
FOLDER/faults holds the faults' names, read anew at every request; FOLDER/requests.log gets a line a request.

untyped              permissions without the bits of the file's type, as from servers on Windows
no-fsync             fsync@openssh.com is not announced
fsync-fails          an fsync of a file answers SSH_FX_FAILURE: what OpenSSH makes of EIO
fsync-unable         an fsync of a file answers SSH_FX_OP_UNSUPPORTED
folder-fsync-fails   the same as fsync-fails for folders
listing-breaks       the second answer of a listing is SSH_FX_NO_SUCH_FILE, as when the volume goes away meanwhile
"""
import os
import struct
import subprocess
import sys
import threading

OPEN, OPENDIR, READDIR, MKDIR, RENAME, REMOVE, EXTENDED = 3, 11, 12, 14, 18, 13, 200
VERSION, STATUS, HANDLE, NAME, ATTRS = 2, 101, 102, 104, 105
NO_SUCH_FILE, FAILURE, OP_UNSUPPORTED = 2, 4, 8
NAMES = {OPEN: "open", OPENDIR: "opendir", MKDIR: "mkdir", RENAME: "rename", REMOVE: "remove"}

server = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
folder = sys.argv[2]
out_lock = threading.Lock()
pending = {}   # request id -> path, until its handle is known
handles = {}   # handle -> path
reads = {}     # handle -> listings' answers so far


def faults():
    try:
        with open(os.path.join(folder, "faults"), encoding="utf-8") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def note(*words):
    with open(os.path.join(folder, "requests.log"), "a", encoding="utf-8") as log:
        log.write(" ".join(words) + "\n")


def text(data, at):
    length = struct.unpack_from(">I", data, at)[0]
    return data[at + 4:at + 4 + length], at + 4 + length


def packet(stream):
    head = stream.read(4)
    if len(head) < 4:
        return None
    length = struct.unpack(">I", head)[0]
    body = stream.read(length)
    return body if len(body) == length else None


def send(stream, body):
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


def answer(request, status):
    with out_lock:
        send(sys.stdout.buffer, bytes([STATUS]) + struct.pack(">II", request, status) + struct.pack(">I", 10) + b"On purpose" + struct.pack(">I", 0))


def untype(data, at):
    """Masks the type in the attributes that begin at a byte; returns the data and where they end."""
    flags = struct.unpack_from(">I", data, at)[0]
    at += 4 + (8 if flags & 1 else 0) + (8 if flags & 2 else 0)
    if flags & 4:
        mode = struct.unpack_from(">I", data, at)[0]
        data = data[:at] + struct.pack(">I", mode & 0o7777) + data[at + 4:]
        at += 4
    return data, at + (8 if flags & 8 else 0)


def upstream():
    while (body := packet(sys.stdin.buffer)) is not None:
        kind, wanted = body[0], faults()
        request = struct.unpack_from(">I", body, 1)[0] if len(body) >= 5 else 0
        if kind in NAMES:
            path = text(body, 5)[0].decode()
            note(NAMES[kind], path)
            pending[request] = path
        elif kind == READDIR:
            handle = text(body, 5)[0]
            reads[handle] = reads.get(handle, 0) + 1
            if "listing-breaks" in wanted and reads[handle] == 2:
                answer(request, NO_SUCH_FILE)
                continue
        elif kind == EXTENDED:
            name, at = text(body, 5)
            if name == b"fsync@openssh.com":
                path = handles.get(text(body, at)[0], "?")
                is_folder = os.path.isdir(path)
                note("fsync", path)
                if ("folder-fsync-fails" if is_folder else "fsync-fails") in wanted:
                    answer(request, FAILURE)
                    continue
                if "fsync-unable" in wanted and not is_folder:
                    answer(request, OP_UNSUPPORTED)
                    continue
            elif name == b"posix-rename@openssh.com":
                note("rename", text(body, at)[0].decode())
        send(server.stdin, body)
    server.stdin.close()


def downstream():
    while (body := packet(server.stdout)) is not None:
        kind, wanted = body[0], faults()
        if kind == VERSION and "no-fsync" in wanted:
            at, kept = 5, body[:5]
            while at < len(body):
                name, behind = text(body, at)
                _, end = text(body, behind)
                if name != b"fsync@openssh.com":
                    kept += body[at:end]
                at = end
            body = kept
        elif kind == HANDLE:
            handles[text(body, 5)[0]] = pending.pop(struct.unpack_from(">I", body, 1)[0], "?")
        elif kind == ATTRS and "untyped" in wanted:
            body = untype(body, 5)[0]
        elif kind == NAME and "untyped" in wanted:
            at = 9
            for _ in range(struct.unpack_from(">I", body, 5)[0]):
                at = text(body, text(body, at)[1])[1]
                body, at = untype(body, at)
        with out_lock:
            send(sys.stdout.buffer, body)
    os._exit(0)


threading.Thread(target=downstream, daemon=True).start()
upstream()
server.wait()
