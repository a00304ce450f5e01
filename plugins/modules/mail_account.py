#!/usr/bin/python
# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_account
short_description: Deploy mail accounts to the mail programs of a host's users
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Fills in profiles for every listed user of the host and writes the configuration that the users' mail programs read.
  - Everything is checked on the controller first. A problem with any option, user or profile stops the host before anything is
    written there, and all problems are reported at once.
  - The host gets one job, compares it with the disk and writes the difference, in one round trip, however many users and
    clients there are. Give all users in O(users). A loop over users costs a round trip each, and Ansible prints each item of a
    loop, passwords included.
  - An option that is V("") or white space counts as not given, as in a survey of AWX where a question was left blank. The same holds
    for the keys of a user. Nothing is ever removed because something was left blank.
  - Lists may also be text. Names are separated by commas or lines, or written as JSON or YAML. Lists of dictionaries are JSON or YAML text,
    dictionaries are JSON or key=value text.
  - In a home all work is done with the user's own effective ids. A symbolic link of the user's is followed, also out of the home, where no other
    user can exchange a step of the way.
  - A file with a password is not written into a work tree (Git, Mercurial, Jujutsu, chezmoi and others), where it could be published.
  - Lines that a user wrote are never touched. A file that a user had before, or edited since, is copied to
    C(~/.local/state/mailops/backups) before it is replaced.
  - A user's own file into which a password is written gets mode 0600, and keeps it when the password goes.
  - As root, nothing is written to a home that is perhaps not there. That is a home whose inode is not that of the last run and that has no record of the
    accounts, as a mount point without its mount, or an encrypted home without its key. The user fails, and the message says what to do. A new home is
    confirmed once with O(forget).
extends_documentation_fragment:
  - mailops.profiles.attributes
  - mailops.profiles.attributes.changes
  - mailops.profiles.attributes.host
  - mailops.profiles.store
attributes:
  check_mode:
    support: full
    details:
      - What an earlier task of a real run may make is a warning in check mode. A user that the host does not know, a home directory that does
        not exist, an unknown O(owner) or O(group), the directory of O(report_path). The result says what would be created; the home of a user
        whom the host does not know is displayed as C(~name).
  diff_mode:
    support: full
    details:
      - Passwords are masked on both sides. Where nothing but a password differs, the new side says V(******** (changed\)).
      - The content of files that are not ours, or were edited since, is never displayed, because it may hold other passwords.
options:
  users:
    description:
      - The users who get accounts, each a dictionary. A key that is missing, null or blank means that there is none.
      - V([]) is a list of no users. Nothing is changed then, also with O(purge_users), and a warning names the users who still have accounts
        here. To remove them, list them with C(state=absent).
      - A user who is only deleted from the list keeps the accounts. Every run as root then names these users and their directories in one
        warning.
      - C(name), the log-in name on the host, required and unique in the list.
      - C(email), C(display_name), C(first_name), C(last_name), C(password), strings that fill the built-in variables.
      - With ansible-core before 2.19 end a template for a password with C(| string). Otherwise Ansible makes a boolean of V(True), a list of V([1, 2]),
        and with C(jinja2_native) a number of V(1e5); such a value is refused, but with C(jinja2_native) quotes around a text are lost.
      - Ansible-core 2.19 and newer make a number of C(!unsafe "0123"), quoted or not, and a boolean of C(!unsafe "true"). Such a value is refused. Use
        C(!unsafe) only for texts with braces.
      - C(variables), a dictionary for the profiles' own variables.
      - C(profiles), a list of profile names, instead of the task's O(profiles). A user who would get no profile is an error.
      - C(default_profile), the name of the profile that is this user's default account.
      - C(link_version), a whole number, by default 1. A higher one gives the user another V({LinkToken}), when a letter with a link was lost.
      - C(state), V(present) or V(absent); V(absent) removes this user's accounts of this O(instance), as the option O(state) does.
    type: list
    elements: dict
    required: true
  profiles:
    description:
      - Names of the profiles that each user gets, the default one being that which is marked O(ignore:default).
      - Without a marked one the first serves a user who has no default yet. It never wins over a default of the user's own.
      - May be left out when every user has C(profiles), or with O(profile_definitions), where it then means all of these.
    type: list
    elements: str
  profile_definitions:
    description:
      - The profiles themselves, instead of a store; in the form that M(mailops.profiles.mail_profile_info) returns and
        M(mailops.profiles.mail_profiles) takes.
    type: list
    elements: dict
  clients:
    description:
      - The mail programs to configure, such as V(thunderbird), V(evolution), V(neomutt) or V(msmtp).
      - C(docs/clients.md) in the collection has a table of all of them, with the profile fields that each expresses, the files that it
        reads, and what its user sees. A name that is not there is refused with the list of those that are.
      - Some clients, such as V(thunderbird), need files of the host as well, which only root can write.
      - A client that cannot do an account at all (such as V(mbsync) and POP) is reported in RV(skipped_accounts) and by a warning; a field
        that it cannot express in RV(dropped).
      - Required, except with O(templates), or when accounts are only removed.
    type: list
    elements: str
  client_options:
    description:
      - Options of single clients. A dictionary with the names of clients as keys, and dictionaries of their options as values.
      - C(docs/clients.md) describes the options of each client that has any. An unknown one is an error.
      - Files that options name, such as C(signing_key_file), are on the controller. C(docs/phones.md) has an example.
      - Texts of C(setup_page), such as its C(title), take the variables of users. C(docs/setup-page.md) has an example.
    type: dict
  templates:
    description:
      - Jinja2 templates of your own, each a dictionary, for programs that no client writes for. Every user who gets an account gets
        each file, by the same rules as the clients' files; what was there before comes back when the template is taken off the list.
      - C(src), a file, found as M(ansible.builtin.template) finds it, or in C(templates) beside the playbook that was started, or beside an
        inventory. (For an inventory that is a directory that is beside the directory, and not in it.) It may be vaulted, and is then never
        displayed. It cannot include others.
      - C(dest), a path relative to the home or O(dest), that no client uses.
      - C(mode), an octal mode in quotes; as for the files of clients unless given. In a home, a file with a password is readable by its
        owner only.
      - A template sees C(account), the default account, C(accounts), all of them in order, and C(user) with C(name), C(email),
        C(display_name), C(first_name), C(last_name) and C(variables). An account has the fields of a profile, filled in, and C(key), a
        name that is safe in files and sections. Passwords are C(account.incoming.password) and C(account.outgoing.password); null
        where the program has to ask. The values of C(user.variables) may be passwords too. They count as
        such and are never displayed.
      - C(ansible_managed) is C(Ansible managed), or the play's variable of that name if it is a single line of printable characters. A fact
        of the host does not count.
      - C(docs/templates.md) in the collection has an example.
      - Ansible's filters and tests can be used, lookups and other variables cannot. An undefined name, and a result that is another one
        each time, are errors, before anything is written. A template is rendered with masks in place of the passwords first.
    type: list
    elements: dict
  state:
    description:
      - V(present) makes the accounts of the listed users exactly what is listed, within O(instance).
      - V(absent) removes all accounts of the listed users within O(instance). It needs only names, no store and no passwords.
      - As root, it clears every place (a home or a O(dest)) where the instance served the user for this inventory host, whatever O(dest) was then,
        and so needs nothing to fill in O(dest). Beside these it clears the home, or what O(dest) comes out at if it can be filled in. Places that were
        served for another inventory host are named in a warning.
      - Without root, or when the list of places is lost, it clears only the home or what O(dest) comes out at. A warning names the users for
        whom O(dest) cannot be filled in.
      - A user that the host does not know any more is no error. If the home is still there, a warning says that the files in it are left.
      - A home that is not there (it does not exist, belongs to somebody else, has no record of the accounts and is not the directory where they were
        written, is encrypted without its key, or its file system does not answer) is no home without accounts. It stays on the list, one warning
        names all such users, and the first run that finds the home clears it. If it is gone for good, use O(forget).
      - Where the user has removed the record in the same home, what has a name of ours and what is between our markers is removed, edited files
        with a copy.
    type: str
    choices: [present, absent]
    default: present
  instance:
    description:
      - A name for what this task manages, 1 to 64 letters, digits, C(_) or C(-). Two playbooks with different instances leave each
        other's accounts alone.
    type: str
    default: default
  dest:
    description:
      - A directory pattern on the host instead of the users' homes, such as V(/srv/setup/{UserName}). Absolute, and every user
        must come out at a directory of their own. The users need not exist on the host.
      - With V({LinkToken}), a directory on a web server that nobody guesses, such as V(/var/www/setup/{LinkToken}). It needs O(link_secret). Results,
        diffs, warnings and reports have C({LinkToken of jan}) in its place.
      - A directory that was made here goes with its last file.
      - Every directory on the way must be writable only by root or the connecting user. In a directory that belongs to another
        user the files are written as that user.
      - What was deployed is recorded outside of it, in C(/var/lib/mailops.profiles/places), or, without root, in
        C(~/.local/state/mailops/places) of the connecting user.
      - Several hosts of an inventory may be one machine, for example with directories on the controller. Each inventory host and each pattern
        is purged by itself. The pattern is this option before its variables are filled in.
    type: str
  link_secret:
    description:
      - The secret that V({LinkToken}) is made with, 32 characters at least, for example from C(openssl rand -base64 32). Keep it in a vault.
      - The token is an HMAC of O(instance), the user's name, e-mail address and C(link_version), 26 letters and digits. Another secret gives every
        user another one; O(purge_users) then removes the old directories.
      - By default E(MAILOPS_LINK_SECRET) of the controller, or of the task's C(environment).
    type: str
  link_secret_file:
    description:
      - The absolute path of a file on the controller that holds O(link_secret). Others must not be able to read it.
    type: str
  owner:
    description:
      - The user on the host who gets the O(dest) directories and the files in them. By default the owner of the directory above.
    type: str
  group:
    description:
      - The group on the host for the O(dest) directories and files.
    type: str
  mode:
    description:
      - The octal mode of files in O(dest), in quotes; only the owner may write. Directories that are made get the same mode
        with the execute bits that match its read bits. Files in homes are always 0600.
      - By default V('0600').
    type: str
  purge_users:
    description:
      - V(true) removes what earlier runs of this O(instance) wrote for users whom O(users) does not name any more, and what they
        wrote to an old directory of a user, for example because the e-mail address in O(dest) has changed.
      - Only places of the same inventory host and of the same kind are purged, which is the homes, or the same O(dest) before its
        variables are filled in. All others whose users are not listed are named in one warning; O(state=absent) removes them.
      - Which places each instance served, and for whom, is kept on the host in C(/var/lib/mailops.profiles), by root and for runs as root only.
        If that list is lost, nothing is purged, and a warning says so.
      - A user who is not a user of the host any more is named in a warning as long as the home is there, and the home is left alone.
      - Does nothing with an empty list of users.
      - With O(state=absent) and O(dest), all places of the same inventory host and the same O(dest) go, whoever is listed, also with an empty list.
      - Without it, directories where users who are listed were served before are named in a warning.
    type: bool
    default: false
  forget:
    description:
      - Log-in names whose places are taken off the list of O(instance) on the host, all homes and O(dest) directories. Nothing that was written there is
        touched, and no later run removes it. Needs root.
      - For homes that are gone for good, of which every run would say that accounts wait to be removed there.
      - Together with the same user in O(users) it says that a home without record of earlier accounts is a new one, and not one that is not
        mounted. The user gets the accounts then. What has to be removed in an old home is not removed any more.
      - A name that is not on the list changes nothing. Take a name off this option when the run is done, so that it never hides a home that is
        not mounted.
    type: list
    elements: str
  invalid_users:
    description:
      - What to do about listed users with mistakes, such as an invalid e-mail address or a variable that has no value. V(fail) lists all mistakes
        of all users, and nothing is written.
      - V(skip) leaves these users out. Nothing of theirs is changed or removed, also with O(purge_users); they are in RV(failed_users) and in a
        warning, and the task does not fail. As long as an entry has no valid name nobody is purged.
      - Mistakes that are not one user's, such as those in a profile or a template, are always errors.
    type: str
    choices: [fail, skip]
    default: fail
  missing_users:
    description:
      - What to do when the host does not know listed users. V(fail) serves all others first, and then fails with a list;
        V(skip) only lists them in RV(skipped_accounts).
      - Only users who are to have accounts count. An absent user whom the host does not know is as wished.
    type: str
    choices: [fail, skip]
    default: fail
  validate_only:
    description:
      - Check and render everything, report all problems, and do not connect to the host.
    type: bool
    default: false
  report_path:
    description:
      - A file on the controller for the complete result as JSON, since the result of the task lists at most 100 entries of a kind.
        Written with mode 0600, in check mode too.
      - C(schema_version) is the version of its form. C(host), C(instance), C(dest) and C(check_mode) say what the report is about.
      - Written also when the host fails or cannot be reached (C(unreachable)), so that no older report stays. With an option or a user that is
        wrong nothing is written.
      - M(mailops.profiles.mail_rollout_report) makes a page of the reports of all hosts.
    type: path
seealso:
  - module: mailops.profiles.mail_profile
  - module: mailops.profiles.mail_profile_info
notes:
  - C(~) means C(.config) and C(.local/state) below the home; other values of C(XDG_CONFIG_HOME) and C(XDG_STATE_HOME) in a user's
    session cannot be seen from outside.
  - With passwords to deploy, the task refuses to run under C(ANSIBLE_KEEP_REMOTE_FILES) or C(ANSIBLE_DEBUG), or with
    C(world_readable_temp).
  - With C(delegate_to), the delegate does the work and has O(dest) and the users. O(report_path), the templates, the store and its key are on the
    controller as always, and the report and C({HostName}) have the name of the play's host.
  - To become a user other than root, it needs pipelining or, on the host, the package C(acl). Such a run writes only what that user may write.
  - A host with Windows, or with a connection for network devices such as C(network_cli), is refused.
"""

EXAMPLES = r"""
- name: The profile that everybody gets
  mailops.profiles.mail_profile:
    store: "{{ playbook_dir }}/build/profiles.db"
    name: work
    incoming: {host: imap.example.org, password: "{UserPassword}"}
    outgoing: {host: smtp.example.org, password: "{UserPassword}"}
  run_once: true

- name: Accounts below a directory, for people who are no users of this host
  mailops.profiles.mail_account:
    store: "{{ playbook_dir }}/build/profiles.db"
    profiles: [work]
    clients: [neomutt, msmtp]
    dest: "{{ playbook_dir }}/build/setup/{UserName}"
    users:
      - {name: jkowalska, email: j.kowalska@example.org, display_name: Joanna Kowalska, password: "correct horse"}
      - {name: anowak, email: a.nowak@example.org, display_name: Adam Nowak, password: "battery staple"}

- name: Accounts with a profile that is written here, nothing but checked
  mailops.profiles.mail_account:
    clients: [mbsync]
    validate_only: true
    profile_definitions:
      - name: archive
        incoming: {host: imap.example.org, password_command: [pass, show, mail]}
        outgoing: {host: smtp.example.org, password_command: [pass, show, mail]}
    users:
      - {name: jkowalska, email: j.kowalska@example.org, display_name: Joanna Kowalska}

- name: A file of your own for every user, from templates/imapsync.conf.j2 beside the playbook
  mailops.profiles.mail_account:
    store: "{{ playbook_dir }}/build/profiles.db"
    profiles: [work]
    instance: imapsync
    templates:
      - {src: imapsync.conf.j2, dest: .config/imapsync.conf}
    dest: "{{ playbook_dir }}/build/setup/{UserName}"
    users:
      - {name: jkowalska, email: j.kowalska@example.org, display_name: Joanna Kowalska, password: "correct horse"}

- name: All accounts are removed
  mailops.profiles.mail_account:
    state: absent
    dest: "{{ playbook_dir }}/build/setup/{UserName}"
    users:
      - name: jkowalska
      - name: anowak
"""

RETURN = r"""
msg:
  description:
    - One line about what was changed, or would be in check mode. How many users, accounts and files, what clients cannot express, and who is
      missing on the host. When the task fails, the reasons. Empty when nothing changes.
    - The line is also displayed, on standard error, unless the task has C(no_log).
  type: str
  returned: always
  sample: "mail_account: [desk-1] 2 of 3 users, 2 of 3 accounts: 8 files created; msmtp cannot express signature (work); missing: anowak"
accounts:
  description: How many accounts (a profile filled in for a user) there are, and how many belong to users for whom something changed.
  type: dict
  returned: success
  sample: {total: 2, changed: 1}
files:
  description: How many files were created, updated, removed, or were as they should be. A block in a user's own file counts as one.
  type: dict
  returned: success
  sample: {created: 3, updated: 0, removed: 0, unchanged: 5}
counts:
  description: How many entries RV(users), RV(drifted), RV(skipped_accounts) and RV(failed_users) would have without their limits.
  type: dict
  returned: success
  sample: {users: 2, drifted: 0, skipped_accounts: 0, failed_users: 0}
validated:
  description: The options, users and profiles were checked, and nothing was deployed.
  type: bool
  returned: with O(validate_only)
users:
  description:
    - What became of each user's clients, at most 100 users. V(changed), V(unchanged), V(drifted) for files that were edited or removed since
      the last run and are restored, V(skipped), V(failed) or V(removed).
    - Empty with O(validate_only).
  type: list
  elements: dict
  returned: success
  sample: [{user: jkowalska, clients: {msmtp: changed, neomutt: unchanged}}]
changes:
  description:
    - What was changed, or would be in check mode, at most 100 entries. The action is V(created), V(updated) or V(removed).
    - An empty client is the collection's own manifest, which is repaired when a user edited it.
    - Where a symbolic link of the user's leads to the file, C(real_path) is where it lies.
  type: list
  elements: dict
  returned: success
  sample: [{user: jkowalska, client: msmtp, path: /home/jkowalska/.msmtprc, action: updated}]
drifted:
  description:
    - Files that were edited or removed since the last run, at most 100. They were backed up and restored.
    - Where a symbolic link of the user's leads to the file, C(real_path) is where it lies.
  type: list
  elements: dict
  returned: success
  sample: [{user: jkowalska, path: /home/jkowalska/.mbsyncrc}]
dropped:
  description: For each client the fields of the deployed profiles that it cannot express.
  type: dict
  returned: success
  sample: {msmtp: [signature]}
skipped_accounts:
  description:
    - Accounts that a client cannot do, and with O(missing_users=skip) users that the host does not know, at most 100.
    - Without a user it is a program of this host that does not read the files that were written.
  type: list
  elements: dict
  returned: success
  sample: [{user: jkowalska, client: mbsync, profile: old, reason: mbsync (isync) does not support POP}]
forgotten:
  description: Places that O(forget) took off the host's list, or would in check mode, at most 100.
  type: list
  elements: dict
  returned: success
  sample: [{user: anowak, path: /home/anowak}]
failed_users:
  description:
    - Users who could not be served, at most 100, users that the host does not know included. All other users were served. A user with
      C(state=absent) that the host does not know is not listed.
    - With O(invalid_users=skip) also users with mistakes, with an empty C(path).
    - Without a user it is a file that a client needs on the host, once for all users.
  type: list
  elements: dict
  returned: success
  sample: [{user: mallory, path: /home/mallory/.msmtprc, msg: "/home/mallory/.msmtprc is a FIFO, not a file: move it away"}]
"""
