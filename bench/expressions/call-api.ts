export type Ended = { status: string; durationMs: number; error?: unknown }

export async function ended(url: string, taskId: string): Promise<Ended> {
  for (;;) {
    const task = await call<Ended>(url, `/tasks/${taskId}`)
    if (!['queued', 'running', 'waiting'].includes(task.status)) return task
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function call<T>(url: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
