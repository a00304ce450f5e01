# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The C(store) option and its key, which every module of the collection has."""

    DOCUMENTATION = r"""
options:
  store:
    description:
      - Where the profiles are kept, on the controller. An absolute path, or C(sqlite:///PATH) with an absolute PATH, is an SQLite file, for one controller.
      - C(postgresql://HOST/DATABASE), or any other URL that libpq takes, is a PostgreSQL database, which many controllers can share.
        It must hold no password; that belongs into a passfile, a service file or E(PGPASSWORD). The controller needs C(psycopg) 3.
      - C(directory:///PATH) is a directory with one YAML file for each profile, made to be kept in Git.
      - Without this option it is the environment variable E(MAILOPS_STORE), in C(environment) of the task or of the controller. Without that one it is
        C(mailops/profiles.db) in the XDG data home of the user who runs Ansible, usually C(~/.local/share/mailops/profiles.db).
      - C(~) is not expanded here.
      - Writing creates what does not exist, files with mode 0600 and directories with mode 0700.
      - The directory of an SQLite file must belong to root or the user who runs Ansible, and no other user may create files in it, because SQLite
        obeys a journal that lies there. So not C(/tmp), and no directory of a group.
    type: str
  store_key:
    description:
      - The key that passwords in the store are encrypted with, at least 16 characters. It may be made with C(openssl rand -base64 32).
      - Without it a password that is not a variable is refused, and those that are encrypted can be kept, moved and removed,
        but neither used nor bound to another server.
      - Without this option it is the content of O(store_key_file), and without that one the environment variable E(MAILOPS_STORE_KEY).
      - Keep it in a vault. Whoever loses it has to clear all passwords and to set them again.
    type: str
  store_key_file:
    description: The absolute path of a file on the controller that holds O(store_key), and that others may not read.
    type: str
notes:
  - All C(MAILOPS_*) and C(PG*) in C(environment) of the task, its block or play are for these modules on the controller, and win over the
    controller's own. They are not sent to the host. Ansible does send them to all other modules of a play or block, so keys belong in
    O(store_key_file), and passwords of PostgreSQL in the file that E(PGPASSFILE) names.
  - C(module_defaults) for C(group/mailops.profiles.all) give every module of the collection the same O(store).
"""
