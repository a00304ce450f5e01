# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a profile with their defaults, as suboptions of mail_profiles. A test compares them with those in profile."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  profiles:
    description:
      - "The profiles, each one complete: a field that is not given has its default. Required without O(store_key_new)."
      - A profile of the store is found by C(id), else by C(key), else by C(name). By the first two it can be renamed.
      - Also takes what M(mailops.profiles.mail_profile_info) returns, and JSON or YAML text.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the profile, unique in the store.
          - What people call it, such as V(Poczta firmowa (Gdynia\)), in any script. At most 64 letters, digits, single spaces and the signs
            V(. _ - ( \) + & ' @), beginning with a letter or digit.
          - Compared as it is, so V(Work) and V(work) are two names. Only two spellings of one character in Unicode, such as C(ó) and an
            C(o) with an accent, are the same, and are kept in the form NFC.
          - 'V(#) is refused, because YAML would cut C(name: Biuro #1) after C(Biuro) without a word. Put a name into quotes that YAML
            would not read as text, such as V(2024), V(yes) or V(null).'
        type: str
        required: true
      key:
        description:
          - What the accounts of the profile are called on hosts, in the names of files and sections. At most 40 lower-case ASCII
            letters, digits and V(-), beginning with a letter or digit, and unique in the store.
          - Usually left out. Then it follows from the name that the profile has when it is created, such as V(work-fe4292b5).
          - It never changes. A renamed profile keeps it, so that the accounts on hosts stay the same; another one is refused.
        type: str
      description:
        description: What the profile is for. No client displays it.
        type: str
        default: ""
      email:
        description: The e-mail address of the account. May hold variables.
        type: str
        default: "{UserEmail}"
      account_name:
        description: The label that the client displays for the account. May hold variables.
        type: str
        default: "{UserEmail}"
      sender_name:
        description: The name in the From header. May hold variables.
        type: str
        default: "{UserDisplayName}"
      reply_to:
        description: The address for replies, if it is not the sender's. May hold variables.
        type: str
      account_type:
        description: The protocol that mail is read with.
        type: str
        choices: [imap, pop]
        default: imap
      default:
        description:
          - Whether the account is the default one of its user's clients. At most one profile of a user may be.
          - Only such an account comes before a default that the user has in a program already. Without one, a program that has none uses the first account.
        type: bool
        default: false
      notifications:
        description: Whether clients notify the user of new mail.
        type: bool
        default: true
      signature:
        description:
          - The text below each mail, at most 10000 characters. May hold variables and several lines.
          - In HTML the values of the variables are escaped.
        type: str
      signature_format:
        description: What the signature is written in.
        type: str
        choices: [text, html]
        default: text
      incoming:
        description: The IMAP or POP server.
        type: dict
        required: true
        suboptions:
          host:
            description: Host name or IP address of the IMAP or POP server. May hold variables.
            type: str
            required: true
          port:
            description:
              - TCP port of the IMAP or POP server, from 1 to 65535.
              - Without it the port follows from O(profiles[].account_type) and O(profiles[].incoming.security). A port that
                contradicts them is refused, with the right one named.
            type: int
          security:
            description:
              - How the connection is protected.
              - V(tls) is TLS from the first byte (RFC 8314), V(starttls) begins in clear and then demands TLS, V(none) is no
                protection.
              - Spellings of other programs, such as C(SSL/TLS), C(SSL) and C(STARTTLS), are taken and stored as one of these. C(TLS) is always V(tls)
                here, also where other programs mean STARTTLS by it.
            type: str
            choices: [tls, starttls, none]
            default: tls
          username:
            description: The name to log in with. May hold variables.
            type: str
            default: "{UserEmail}"
          password:
            description:
              - The password. Exactly one variable, usually V({UserPassword}), or one password for all users. Without it the client
                asks.
              - A password that is not a variable is kept encrypted, which needs O(store_key), and is refused without that. It is
                bound to the profile and to C(host), C(port) and C(security), and to change one of them, or to copy the profile,
                takes the key.
              - Where no encrypted password was before, give it together with all that leads to the server, so that the store alone
                does not decide where it goes.
            type: str
          password_command:
            description:
              - A command that prints the password, as a list of words, for the clients that can use one. As text it is a list in
                JSON or YAML.
              - A variable must be a whole word of its own, and not the first one.
            type: list
            elements: str
          authentication:
            description:
              - How to log in. V(encrypted) is a challenge and response, such as CRAM-MD5; V(none) does not log in.
              - Names of mechanisms and words of other programs, such as C(PLAIN), C(CRAM-MD5), C(Normal password) and C(Kerberos), are taken and
                stored as one of these.
            type: str
            choices: [password, encrypted, gssapi, ntlm, oauth2, client_certificate, none]
            default: password
          allow_cleartext:
            description: Allow a password without TLS, with O(profiles[].incoming.security=none). The network can read it.
            type: bool
            default: false
          separator:
            description:
              - What the IMAP server has between the levels of a folder's name, as C(. LIST "" "") displays it. V(/) or V(.).
              - Without it, what O(profiles[].incoming.namespace) ends with. Without both, V(/), which is right for programs that ask the server themselves.
            type: str
            choices: [/, .]
          namespace:
            description:
              - What the names of the user's own folders begin with on the IMAP server, as the server has it, such as V(INBOX.). The last character
                is the separator.
              - O(profiles[].folders) are relative to it. The inbox itself never has it.
            type: str
      outgoing:
        description: The submission server, which takes mail from clients.
        type: dict
        required: true
        suboptions:
          host:
            description: Host name or IP address of the submission server. May hold variables.
            type: str
            required: true
          port:
            description:
              - TCP port of the submission server, from 1 to 65535.
              - Without it the port follows from O(profiles[].outgoing.security). A port that contradicts them is refused, with the
                right one named.
            type: int
          security:
            description:
              - How the connection is protected.
              - V(tls) is TLS from the first byte (RFC 8314), V(starttls) begins in clear and then demands TLS, V(none) is no
                protection.
              - Spellings of other programs, such as C(SSL/TLS), C(SSL) and C(STARTTLS), are taken and stored as one of these. C(TLS) is always V(tls)
                here, also where other programs mean STARTTLS by it.
            type: str
            choices: [tls, starttls, none]
            default: tls
          username:
            description: The name to log in with. May hold variables.
            type: str
            default: "{UserEmail}"
          password:
            description:
              - The password. Exactly one variable, usually V({UserPassword}), or one password for all users. Without it the client
                asks.
              - A password that is not a variable is kept encrypted, which needs O(store_key), and is refused without that. It is
                bound to the profile and to C(host), C(port) and C(security), and to change one of them, or to copy the profile,
                takes the key.
              - Where no encrypted password was before, give it together with all that leads to the server, so that the store alone
                does not decide where it goes.
            type: str
          password_command:
            description:
              - A command that prints the password, as a list of words, for the clients that can use one. As text it is a list in
                JSON or YAML.
              - A variable must be a whole word of its own, and not the first one.
            type: list
            elements: str
          authentication:
            description:
              - How to log in. V(encrypted) is a challenge and response, such as CRAM-MD5; V(none) does not log in.
              - Names of mechanisms and words of other programs, such as C(PLAIN), C(CRAM-MD5), C(Normal password) and C(Kerberos), are taken and
                stored as one of these.
            type: str
            choices: [password, encrypted, gssapi, ntlm, oauth2, client_certificate, none]
            default: password
          allow_cleartext:
            description: Allow a password without TLS, with O(profiles[].outgoing.security=none). The network can read it.
            type: bool
            default: false
      leave_on_server:
        description: Whether mail stays on the server after it is fetched. POP only.
        type: bool
        default: true
      delete_after_days:
        description: After how many days, from 1 to 3650, mail that was left on the server is deleted there. POP only.
        type: int
      check_interval:
        description: How often clients look for new mail, in minutes from 1 to 10080. Without it each client decides.
        type: int
      folders:
        description:
          - The server's folders for special purposes, where they have other names than the client expects. IMAP only.
          - They have to exist on the server. Programs differ in what they do about a missing one. Some ask, some make it, Evolution fails,
            and Thunderbird uses the one that the server marks for the purpose (SPECIAL-USE).
          - A folder is written as people see it, whatever the server's spelling is. A path with V(/) between the levels, in Unicode, relative to
            O(profiles[].incoming.namespace), such as V(Archiv/Entwürfe). A path that begins with the namespace means the same. Each client gets what it needs.
          - A name with O(profiles[].incoming.separator) in it, and one in the encoding of IMAP (C(Entw&APw-rfe)), are refused, with the right spelling.
        type: dict
        suboptions:
          sent:
            description: The folder for sent mail. May hold variables.
            type: str
          drafts:
            description: The folder for drafts. May hold variables.
            type: str
          trash:
            description: The folder for deleted mail. May hold variables.
            type: str
          archive:
            description: The folder for archived mail. May hold variables.
            type: str
          junk:
            description: The folder for junk mail. May hold variables.
            type: str
      ca_file:
        description: Absolute path of a CA bundle, in PEM form, on the machine where the client runs.
        type: path
      variables:
        description:
          - The profile's own variables, a mapping of names to defaults. A name is a capital letter, then letters and digits.
          - A variable that is V(null) has no default, and every user must give it a value. An empty text is a default.
          - A variable that fills a password must be V(null).
        type: dict
        default: {}
      id:
        description:
          - The UUID of the profile. It never changes.
          - Usually left out. The return value of M(mailops.profiles.mail_profile_info) has it, so that a new profile keeps the id
            that it has in another store, and a stored profile with this id is renamed.
        type: str
      revision:
        description: How often the profile has changed. A new profile that comes with its O(profiles[].id) keeps it. Otherwise it
          is ignored.
        type: int
notes:
  - Texts may hold variables, written C({UserEmail}). YAML reads an unquoted one as a mapping, so they must be in quotes.
    M(mailops.profiles.mail_profile_info) returns the list of all variables.
  - C(\{) writes a brace. Values are inserted once and never expanded again.
  - An empty text or white space alone means not given, for every field but the values in C(variables). Mappings may also be given
    as JSON or as C(name=value) text.
"""
