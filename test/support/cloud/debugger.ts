/** Attaches to the inspector of a Node.js process through the Chrome DevTools protocol. */
export async function attachDebugger(port: number) {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '')
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  type Params = Record<string, unknown>
  const answers = new Map<number, PromiseWithResolvers<Params>>()
  const listeners = new Map<string, (params: Params) => void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as {
      id?: number
      result?: Params
      error?: { message: string }
      method?: string
      params?: Params
    }
    if (message.method) listeners.get(message.method)?.(message.params ?? {})
    const answer = answers.get(message.id ?? -1)
    if (message.error) answer?.reject(new Error(message.error.message))
    else answer?.resolve(message.result ?? {})
  })
  let count = 0
  return {
    on: (method: string, listener: (params: Params) => void) => void listeners.set(method, listener),
    call(method: string, params: Params = {}): Promise<Params> {
      const id = ++count
      const answer = Promise.withResolvers<Params>()
      answers.set(id, answer)
      socket.send(JSON.stringify({ id, method, params }))
      return answer.promise
    },
    close: () => socket.close(),
  }
}
