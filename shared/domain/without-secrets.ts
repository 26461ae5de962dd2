/** Repetitions are bounded, so that a hostile text takes no longer than another one. Credentials by their well-known forms; each leaves what tells which one it was. */
const FORMS: readonly [RegExp, string][] = [
  // https://user:password@host
  [/(\b\w{1,20}:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,500}@/g, '$1***@'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '$1***'],
  // OpenAI, Anthropic, Stripe, GitHub, GitLab, Slack.
  [/\b(sk|pk|rk|gh[opsur]|github_pat|glpat|xox[abp])([-_])[\w-]{16,}/g, '$1$2***'],
  // A JSON web token.
  [/\beyJ[\w-]{8,400}\.[\w-]{8,4000}\.[\w-]*/g, 'eyJ***'],
  // Without a boundary before it: a name may begin with what it is for, as in OPENAI_API_KEY, DB_PASSWORD or secretAccessKey.
  [
    /((?:(?:api|secret|private|secret[-_]?access)[-_]?key|(?:access|auth|session|refresh)[-_]?token|secret|password|passwd|x-amz-signature|x-amz-security-token)(?:\\?["'])?\s{0,3}[=:]\s{0,3}(?:\\?["'])?)[^\s"'&,;]{4,}/gi,
    '$1***',
  ],
]

/** A text with credentials masked. It finds common forms only: what an agent throws should have none. */
export function withoutSecrets(text: string): string {
  return FORMS.reduce((masked, [form, shown]) => masked.replace(form, shown), text)
}
