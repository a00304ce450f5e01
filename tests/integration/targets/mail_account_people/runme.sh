#!/usr/bin/env bash
# People come and go: purges, leavers, two inventory hosts on one machine, and dry runs before the users exist.
set -euo pipefail

export ANSIBLE_NOCOLOR=1
export HOMES=$OUTPUT_DIR/people
export RUN=$$
log=$OUTPUT_DIR/log

step() { printf '\n=== %s ===\n' "$*"; }
rollout() { ansible-playbook -i inventory.yml mailops.profiles.rollout "$@" 2>&1 | tee "$log"; }
fails() { if "$@"; then echo "expected to fail: $*" && exit 1; fi; }
shows() { tr -s '\n ' ' ' <"$log" | grep -E -- "$1" >/dev/null || { echo "not in the output: $1" && exit 1; }; }
# Ansible wraps its warnings, also inside of paths.
says() { [[ $(tr -d '[:space:]' <"$log") == *"$(tr -d '[:space:]' <<<"$1")"* ]] || { echo "not in the output: $1" && exit 1; }; }
recap() { shows "$1 +: ok=[0-9]+ +changed=$2 .*failed=0 "; }
# Of these people, and of nobody else.
files() { diff <(printf '%s\n' "${@/%//.config/mailops/msmtp/work-fe4292b5.outgoing.password}" "${@/%//.msmtprc}" | sort) <(cd "$HOMES" && find . -type f -printf '%P\n' | sed -E 's,(work-fe4292b5)-[0-9a-f]{8},\1,' | sort); }
all=(a/anna@example.org a/bob@example.org b/anna@example.org)

step 'Users whom the host does not know, whose state is absent, are as wished'
for mode in --check --diff; do
  rollout $mode -e mail_accounts_dest= -e '{"mail_accounts_users": [{"name": "no-such-user-here", "state": "absent"}]}'
  recap a 0
  recap b 0
  rollout $mode -e mail_accounts_dest= -e '{"mail_accounts_users": [{"name": "no-such-user-here"}]}' -e mail_accounts_state=absent
  recap a 0
done

step 'A user and a group that an earlier task would create'
if [[ $EUID == 0 ]]; then
  rollout --check --diff -e mail_accounts_owner=no-such-user-here -e mail_accounts_group=no-such-group-here
  recap a 1
  says "owner: the host has no user 'no-such-user-here'; a real run fails unless"
  says "group: the host has no group 'no-such-group-here'; a real run fails unless"
  fails rollout -e mail_accounts_owner=no-such-user-here
  says "owner: the host has no user 'no-such-user-here'"
  rollout --check --diff -e mail_accounts_dest= -e '{"mail_accounts_users": [{"name": "no-such-user-here", "email": "x@example.org", "display_name": "X", "password": "sesame-3"}]}'
  recap a 1
  says '~no-such-user-here/.msmtprc'
fi
rollout --check -e "mail_accounts_report_path=$HOMES/not/yet/{{ inventory_hostname }}.json"
recap a 1
says 'report_path: there is no directory'
[[ ! -e $HOMES ]]

rollout
recap a 1
recap b 1
files "${all[@]}"

# Only root keeps a list of whom it served.
[[ $EUID == 0 ]] || exit 0

step 'A purge ends at the inventory host'
for limit in a:b a b; do
  rollout --limit "$limit" -e mail_accounts_purge_users=true
  shows "${limit%%:*} +: ok=[0-9]+ +changed=0 "
  files "${all[@]}"
done

step 'Who is only deleted from the list is named'
rollout --limit a -e '{"mail_accounts_users": ["{{ anna }}"]}'
recap a 0
says "also has files of users who have no accounts in this task: bob in $HOMES/a/bob@example.org;"
files "${all[@]}"

step 'And forgotten, without a change of his files'
for mode in --check --diff; do
  rollout $mode --limit a -e '{"mail_accounts_users": ["{{ anna }}"]}' -e mail_accounts_forget=bob,nobody-of-that-name
  recap a 1
  says "[a] $([[ $mode == --diff ]] || echo would be) forgotten: bob"
  [[ $mode == --check ]] || says "-bob in $HOMES/a/bob@example.org"
  files "${all[@]}"
done
rollout --limit a -e '{"mail_accounts_users": ["{{ anna }}"]}' -e mail_accounts_forget=bob -e mail_accounts_purge_users=true
recap a 0
files "${all[@]}"
fails rollout --limit a -e '{"mail_accounts_forget": ["jan:kowalski"]}'
says "mail_accounts_forget: 'jan:kowalski': holds a ':'"
rollout --limit a
recap a 0

step 'And purged'
for mode in --check --diff; do
  rollout $mode --limit a -e '{"mail_accounts_users": ["{{ anna }}"]}' -e mail_accounts_purge_users=true
  recap a 1
done
files a/anna@example.org b/anna@example.org

step 'Another address is another directory; the old one is purged'
rollout --limit a -e '{"mail_accounts_users": [{"name": "anna", "email": "anna@example.com", "display_name": "Anna", "password": "x"}]}' \
  -e mail_accounts_purge_users=true
files a/anna@example.com b/anna@example.org

step 'Who leaves needs no address, and leaves one inventory host'
for state in 'state": "absent' 'email": "'; do
  rollout --limit a -e "{\"mail_accounts_users\": [{\"name\": \"anna\", \"$state\"}]}" -e "mail_accounts_state=$([[ $state == state* ]] || echo absent)"
  says "anna in $HOMES/b/anna@example.org (inventory host b)"
  files b/anna@example.org
done

step 'Another inventory host is named, and its files go with its dest'
rollout --limit a -e mail_accounts_state=absent -e "mail_accounts_dest=$HOMES/b/{UserEmail}"
recap a 1
[[ -z $(find "$HOMES" -type f) ]]
[[ ! -e /var/lib/mailops.profiles/people-$RUN.json ]]

step 'The inventories of docs/people.md, with a directory instead of the homes'
python - "${ANSIBLE_COLLECTIONS_PATH%%:*}/ansible_collections/mailops/profiles/docs/people.md" "$OUTPUT_DIR" <<'PYTHON'
import pathlib, re, sys
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
for content, name in re.findall(r"```yaml\n(# (\S+)\n.*?)```", text, flags=re.DOTALL):
    pathlib.Path(sys.argv[2], name).write_text(content, encoding="utf-8")
PYTHON
people() {
  ansible-playbook mailops.profiles.rollout -i "$OUTPUT_DIR/$1.yml" -e ansible_connection=local -e "ansible_python_interpreter=$(command -v python)" \
    -e "mail_accounts_instance=people-$RUN" -e "mail_accounts_dest=$HOMES/{UserName}" "${@:2}" 2>&1 | tee "$log"
}
has() { diff <(printf '%s\n' "$@") <(cd "$HOMES" && find . -type f -printf '%P\n' | cut -d/ -f1 | sort -u); }
people join
has anowak jkowalska
people leave
has jkowalska
people join
people purge --check
has anowak jkowalska
people purge
has jkowalska
people rename
has jnowak
people rename
recap desk-1 0
people rename -e mail_accounts_state=absent
[[ -z $(find "$HOMES" -type f) && ! -e /var/lib/mailops.profiles/people-$RUN.json ]]
