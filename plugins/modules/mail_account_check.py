#!/usr/bin/python
# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_account_check
short_description: Try the log-ins of a host's mail accounts
version_added: 0.1.0
author:
  - The mailops.profiles authors (@mailops)
description:
  - Fills in profiles for every listed user, as M(mailops.profiles.mail_account) does, connects from the host to the servers of each account, and logs in.
  - For each server it looks at the addresses, the connection, TLS (version, chain, name, days until the certificate expires), STARTTLS, and the
    mechanisms that are offered after it. For each account it logs in, looks whether the inbox can be read, and whether the submission server takes
    mail from and to the account's address. Nothing is sent without O(round_trip).
  - Each result has one outcome from a fixed list, one sentence, and what would work, such as V(the server offers starttls on 143; the profile says
    tls on 143). C(docs/check.md) in the collection explains each outcome.
  - A password goes to its own server only, after TLS with a verified certificate, and once. A user name and password that one server refuses
    are not tried at the other, so that no account is locked by a check. Only a profile with C(allow_cleartext) sends one without TLS.
  - Users and profiles that share a log-in share one attempt. At most 24 connections are open to one server at a time. A server that fails three times
    in a row, whatever the account, is not asked again.
  - A log-in that needs what only the user has is not tried. That is an account without a password, with C(password_command), or with the
    authentication V(oauth2), V(gssapi), V(ntlm) or V(client_certificate). Everything before the log-in is checked, and RV(checks[].msg) says so.
  - Nothing is changed on the host. All options are checked on the controller before anything is sent.
extends_documentation_fragment:
  - mailops.profiles.attributes
  - mailops.profiles.store
attributes:
  check_mode:
    description: Can run in check mode. The log-ins are tried in check mode, too; O(round_trip) sends nothing then.
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode. The module changes nothing.
    support: N/A
  platform:
    description: Fills in on the controller, and connects from the host. The host needs Python 3.8 or newer, and nothing else.
    platforms: posix
    support: full
options:
  users:
    description:
      - The users whose accounts are checked, each a dictionary, as for O(mailops.profiles.mail_account#module:users). They need not exist on the host.
      - Users with C(state=absent) have no accounts.
    type: list
    elements: dict
    required: true
  profiles:
    description:
      - Names of the profiles that each user gets, as for O(mailops.profiles.mail_account#module:profiles).
    type: list
    elements: str
  profile_definitions:
    description:
      - The profiles themselves, instead of a store, as for O(mailops.profiles.mail_account#module:profile_definitions).
    type: list
    elements: dict
  invalid_users:
    description:
      - What to do about listed users with mistakes. V(fail) lists all mistakes, and nothing is tried; V(skip) leaves these users out, and lists them
        in RV(failed_users).
    type: str
    choices: [fail, skip]
    default: fail
  round_trip:
    description:
      - V(true) also sends a message from each account to itself, finds it in the inbox, and deletes it. Only where both log-ins work.
      - It takes one more log-in at the incoming server, with POP one for each look. No other message is deleted.
    type: bool
    default: false
  timeout:
    description:
      - Seconds that one log-in may take, from 1 to 600, and that a message of O(round_trip) may take to arrive. Some servers greet after 15 seconds.
      - A connection has 10 seconds of these. IPv6 and IPv4 addresses are tried side by side.
      - All checks of a host together are ended after an hour at most. What was not done by then has the outcome V(timeout).
    type: int
    default: 30
  parallel:
    description:
      - How many connections may be open at a time, from 1 to 100.
    type: int
    default: 40
  fail_on:
    description:
      - V(any) fails the task when one of the checks is not V(ok). V(never) only reports.
    type: str
    choices: [any, never]
    default: any
  report_path:
    description:
      - A file on the controller for the complete result as JSON, since the result of the task lists at most 100 entries of a kind.
        Written with mode 0600, in check mode too.
      - C(schema_version) is the version of its form.
    type: path
seealso:
  - module: mailops.profiles.mail_account
  - module: mailops.profiles.mail_profile
notes:
  - With passwords to send, the task refuses to run under C(ANSIBLE_KEEP_REMOTE_FILES) or C(ANSIBLE_DEBUG), or with
    C(world_readable_temp).
  - To check from the controller instead of the host, use C(delegate_to=localhost). What counts is which machine the users' programs run on, because of its
    firewall, its name servers and its certificates.
  - What a server says is displayed in RV(checks[].msg) as at most 200 printable characters, and not at all if a piece of the password is in it.
"""

EXAMPLES = r"""
- name: The profile that everybody gets
  mailops.profiles.mail_profile:
    store: "{{ playbook_dir }}/build/profiles.db"
    name: work
    incoming: {host: imap.example.org, password: "{UserPassword}"}
    outgoing: {host: smtp.example.org, password: "{UserPassword}"}
  run_once: true

- name: Do the accounts work from this host?
  mailops.profiles.mail_account_check:
    store: "{{ playbook_dir }}/build/profiles.db"
    profiles: [work]
    users:
      - {name: jkowalska, email: j.kowalska@example.org, display_name: Joanna Kowalska, password: "correct horse"}
      - {name: anowak, email: a.nowak@example.org, display_name: Adam Nowak, password: "battery staple"}

- name: Does mail arrive? A message to oneself, deleted again; nothing fails
  mailops.profiles.mail_account_check:
    store: "{{ playbook_dir }}/build/profiles.db"
    profiles: [work]
    round_trip: true
    fail_on: never
    users:
      - {name: jkowalska, email: j.kowalska@example.org, display_name: Joanna Kowalska, password: "correct horse"}
  register: mail

- name: What does not work
  ansible.builtin.debug:
    msg: "{{ mail.checks | rejectattr('outcome', 'eq', 'ok') | map(attribute='msg') }}"
"""

RETURN = r"""
msg:
  description:
    - One line about how many users were checked, how many checks are ok, and what fails. When the task fails, one sentence for each kind of failure at
      each server follows, with the users, and with what would work.
    - The line is also displayed, on standard error, unless the task has C(no_log).
  type: str
  returned: always
  sample: "mail_account_check: [desk-1] 2 users, 3 of 4 checks ok; imap.example.org:993 password_refused (anowak)"
checks:
  description:
    - What was found, at most 100 entries. What fails comes first, then by user, profile and side.
  type: list
  elements: dict
  returned: success
  contains:
    user:
      description: The log-in name on the host, C(name) in O(users).
      type: str
    profile:
      description: The name of the profile.
      type: str
    side:
      description: V(incoming), V(outgoing) or V(round_trip).
      type: str
    outcome:
      description:
        - One of V(ok), V(unreachable), V(refused), V(timeout), V(not_tls), V(tls_untrusted), V(tls_name), V(tls_expired), V(starttls_missing),
          V(login_disabled), V(mechanism_missing), V(password_refused), V(account_disabled), V(sender_refused), V(recipient_refused) and V(nonsense).
      type: str
    msg:
      description: One sentence. It may hold what the server said.
      type: str
    hint:
      description: What would work, or what to do. May be empty.
      type: str
    protocol:
      description: V(imap), V(pop) or V(smtp).
      type: str
    host:
      description: The server's name in the account.
      type: str
    port:
      description: The server's port.
      type: int
    security:
      description: V(tls), V(starttls) or V(none).
      type: str
    username:
      description: The name that is logged in with.
      type: str
    address:
      description: The IP address that was connected to, empty when there was no connection.
      type: str
    mechanism:
      description: How it was logged in, such as V(PLAIN), V(CRAM-MD5), V(IMAP LOGIN) or V(USER). Without a log-in what would be used.
      type: str
    tls_version:
      description: Such as V(TLSv1.3), empty without TLS.
      type: str
    certificate_days:
      description: Days until the server's certificate expires, negative when it has expired, null when none was seen.
      type: int
  sample:
    - user: anowak
      profile: work
      side: incoming
      outcome: password_refused
      msg: "the server refuses the user name or the password (the server says: [AUTHENTICATIONFAILED] Authentication failed.)"
      hint: check both; this was tried once, and never repeated
      protocol: imap
      host: imap.example.org
      port: 993
      security: tls
      username: a.nowak@example.org
      address: 192.0.2.25
      mechanism: PLAIN
      tls_version: TLSv1.3
      certificate_days: 61
counts:
  description: How many checks there are in C(total), how many are C(ok) or C(failed), and how many have each outcome that occurs.
  type: dict
  returned: success
  sample: {total: 4, ok: 3, failed: 1, password_refused: 1}
servers:
  description:
    - Each server once, at most 100. The outcome is V(ok) when it does all that the profiles say before a log-in, whatever it thinks of the accounts.
    - C(tried) is what became of each address, C(mechanisms) what the server offers.
    - A certificate that expires within 14 days is also a warning.
  type: list
  elements: dict
  returned: success
  sample:
    - protocol: imap
      host: imap.example.org
      port: 993
      security: tls
      outcome: ok
      msg: the server answers as the profile says
      hint: ""
      tried: ["192.0.2.25: connected"]
      tls_version: TLSv1.3
      certificate_days: 61
      mechanisms: [PLAIN, LOGIN]
failed_users:
  description: With O(invalid_users=skip) the users with mistakes, at most 100.
  type: list
  elements: dict
  returned: success
  sample: [{user: anowak, msg: "user 'anowak': email: 'a.nowak' is not an e-mail address: it has no domain"}]
"""
