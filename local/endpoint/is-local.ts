/** Whether a request names this machine as its host: a page on the web that resolves its own name to it does not. */
export function namesThisMachine(host = ''): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host)
}
