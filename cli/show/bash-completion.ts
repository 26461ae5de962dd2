/**
 * The completion script for bash, which calls the hidden command `complete`. It is not that of @bomb.sh/tab, which needs the package
 * bash-completion and cannot be sourced twice; the protocol is the same: lines of value, tab and description, then `:` and a directive (4:
 * no file names).
 */
export const BASH_COMPLETION = `# bash completion for orchestrator

__orchestrator_complete() {
    local words=() word isJoined= i
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        # Bash splits words at "=" and ":"; the command takes them whole.
        if [[ \${#words[@]} -gt 0 && ( $word == [=:]* || -n $isJoined ) ]]; then
            words[\${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        isJoined=
        if [[ $word == [=:]* ]]; then isJoined=yes; fi
    done
    local cur=\${words[\${#words[@]} - 1]}
    # What readline does not replace, because it is before a "=" or ":".
    local before=\${cur%"\${cur##*[=:]}"}

    # By eval, which expands an alias of the command; each word is quoted.
    local out line directive=0
    out=$(eval "orchestrator complete -- $(printf '%q ' "\${words[@]}")" 2>/dev/null)
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line =~ ^:([0-9]+)$ ]]; then
            directive=\${BASH_REMATCH[1]}
            continue
        fi
        line=\${line%%$'\\t'*}
        if [[ -n $line && $line == "$cur"* ]]; then
            COMPREPLY+=("\${line#"$before"}")
        fi
    done <<< "$out"
    if ((!(directive & 4))); then compopt -o default 2>/dev/null; fi
    return 0
}

complete -F __orchestrator_complete orchestrator`
