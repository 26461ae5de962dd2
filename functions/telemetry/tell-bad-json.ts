/**
 * An answer of `fetch` whose body is no JSON says where it was read and whose it is: the stack of Node.js has only its own frames, because the
 * body comes later. It is imported by the host of agents (functions/steps/agent-handler.ts).
 */
export function tellBadJson(answers: { prototype: Pick<Response, 'json'> } = Response): void {
  const read = answers.prototype.json
  answers.prototype.json = async function json(this: Response): Promise<unknown> {
    const from = new Error('read here')
    try {
      return await read.call(this)
    } catch (error) {
      if (error instanceof SyntaxError) tell(error, this, from)
      throw error
    }
  }
}

/** Best effort: what cannot be added is left out. */
function tell(error: SyntaxError, answer: Response, from: Error): void {
  try {
    const frames = (from.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    const stack = error.stack ?? String(error)
    error.message = `${error.message} (${describe(answer)})`
    // The first frame is of this module.
    error.stack = [stack, ...frames.slice(1)].join('\n')
  } catch {
    // Frozen, or of another realm.
  }
}

/** `https://api.example.com/orders: 200, text/html`, without a query: keys stand there. */
function describe({ url, status, headers }: Response): string {
  const type = headers.get('content-type') ?? 'no content-type'
  const place = URL.canParse(url) ? originAndPath(new URL(url)) : ''
  return [`the answer${place ? ` of ${place}` : ''} is ${status}`, type].join(', ')
}

const originAndPath = ({ protocol, host, pathname, origin }: URL): string =>
  origin === 'null' ? protocol : `${protocol}//${host}${pathname}`
