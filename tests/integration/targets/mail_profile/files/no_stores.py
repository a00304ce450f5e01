# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""usage: no_stores.py STORE DIRECTORY. Makes things in DIRECTORY that cannot be used as a store, some out of the good STORE."""

import os
import sqlite3
import sys

store, directory = sys.argv[1:]
os.mkdir(directory)
os.chdir(directory)

os.mkdir("directory")
os.mkfifo("pipe")
with open("text", "w") as file:
    file.write("profiles: []\n")

with sqlite3.connect("other") as connection:
    connection.execute("CREATE TABLE bookmarks (title)")
connection.close()

with open(store, "rb") as file:
    good = file.read()
with open("newer", "wb") as file:
    file.write(good[:60] + (99).to_bytes(4, "big") + good[64:])
with open("damaged", "wb") as file:
    file.write(good[:4096] + b"\xa5" * (len(good) - 4096))
