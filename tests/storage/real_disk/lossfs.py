#!/usr/bin/python3
"""A file system in memory that forgets, on SIGUSR1, whatever was not synced: file content without
fsync, names without fsync of the directory. It has one directory. Usage: lossfs.py MOUNTPOINT"""

import errno
import signal
import stat
import sys
import time

from fusepy import FUSE, FuseOSError, Operations


class Inode:
    def __init__(self, mode):
        self.mode = mode
        self.bytes = bytearray()
        self.durable = b""


class LossFs(Operations):
    def __init__(self):
        self.names = {}
        self.durable_names = {}

    def cut_power(self, *_):
        self.names = dict(self.durable_names)
        for inode in self.names.values():
            inode.bytes = bytearray(inode.durable)

    def find(self, path):
        inode = self.names.get(path)
        if inode is None:
            raise FuseOSError(errno.ENOENT)
        return inode

    def getattr(self, path, fh=None):
        now = time.time()
        times = {"st_atime": now, "st_mtime": now, "st_ctime": now}
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2, **times}
        inode = self.find(path)
        return {"st_mode": inode.mode, "st_nlink": 1, "st_size": len(inode.bytes), **times}

    def readdir(self, path, fh):
        return [".", ".."] + [name[1:] for name in self.names]

    def create(self, path, mode, fi=None):
        self.names[path] = Inode(stat.S_IFREG | (mode & 0o777))
        return 0

    def open(self, path, flags):
        self.find(path)
        return 0

    def read(self, path, size, offset, fh):
        return bytes(self.find(path).bytes[offset:offset + size])

    def write(self, path, data, offset, fh):
        content = self.find(path).bytes
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset:offset + len(data)] = data
        return len(data)

    def truncate(self, path, length, fh=None):
        content = self.find(path).bytes
        del content[length:]
        content.extend(bytes(length - len(content)))

    def rename(self, old, new):
        self.names[new] = self.find(old)
        del self.names[old]

    def unlink(self, path):
        self.find(path)
        del self.names[path]

    def chmod(self, path, mode):
        self.find(path).mode = mode

    def fsync(self, path, datasync, fh):
        inode = self.find(path)
        inode.durable = bytes(inode.bytes)
        return 0

    def fsyncdir(self, path, datasync, fh):
        self.durable_names = dict(self.names)
        return 0


files = LossFs()
signal.signal(signal.SIGUSR1, files.cut_power)
FUSE(files, sys.argv[1], foreground=True, nothreads=True, direct_io=True, attr_timeout=0,
     entry_timeout=0, nonempty=True)
