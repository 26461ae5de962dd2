/** Repetitions are bounded, so that a hostile text takes no longer than another one. Credentials by their well-known forms; each leaves what tells which one it was. */
const FORMS: readonly [RegExp, string][] = [
  // https://user:password@host
  [/(\b\w{1,20}:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,500}@/g, '$1***@'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '$1***'],
  // OpenAI, Anthropic, OpenRouter, Stripe, GitHub, GitLab, Slack.
  [/\b(sk|pk|rk|gh[opsur]|github_pat|glpat|xox[abeprs]|xapp)([-_])[\w-]{16,}/g, '$1$2***'],
  // Groq, Hugging Face, Replicate, npm, webhooks, Jina, LangSmith, Together, Fireworks; xAI, NVIDIA, Perplexity, Cerebras, Tavily; PyPI, Voyage.
  [/\b(gsk|hf|r8|npm|whsec|jina|lsv2|tgp|fw|dop_v1|shpat)_[\w+/=-]{16,}/g, '$1_***'],
  [/\b(xai|nvapi|pplx|csk|tvly)-[\w-]{16,}/g, '$1-***'],
  [/\b(pypi|pa)-[\w-]{32,}/g, '$1-***'],
  // Google's keys and tokens, Bedrock's keys, SendGrid's.
  [/\b(AIza)[\w-]{20,}/g, '$1***'],
  [/\b(ya29\.|ABSK|bedrock-api-key-|SG\.)[\w.+/=-]{16,}/g, '$1***'],
  [
    /(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[\s\S]{1,10000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    '$1***',
  ],
  // A JSON web token.
  [/\beyJ[\w-]{8,400}\.[\w-]{8,4000}\.[\w-]*/g, 'eyJ***'],
  // Without a boundary before it: a name may begin with what it is for, as in OPENAI_API_KEY, DB_PASSWORD or secretAccessKey.
  [
    /((?:(?:api|secret|private|secret[-_]?access)[-_]?key|(?:access|auth|session|refresh)[-_]?token|secret|password|passwd|x-amz-signature|x-amz-security-token)(?:\\?["'])?\s{0,3}[=:]\s{0,3}(?:\\?["'])?)(?!\[secret )[^\s"'&,;]{4,}/gi,
    '$1***',
  ],
]

/** Shorter ones are words. */
const LEAST_KNOWN = 6

/**
 * A text with credentials masked: those that are `known`, and common forms of others. Every message that leaves the process goes through this; still, what an agent
 * throws should have none.
 */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  const whole = known
    .filter((one) => one.length >= LEAST_KNOWN)
    .reduce((masked, one) => masked.replaceAll(one, '***'), text)
  return FORMS.reduce((masked, [form, shown]) => masked.replace(form, shown), whole)
}
