declare module 'dynalite' {
  type Server = {
    listen(port: number, host: string, ready: () => void): void
    address(): { port: number }
    close(done: () => void): void
  }
  export default function dynalite(options: {
    path?: string
    createTableMs?: number
    updateTableMs?: number
    deleteTableMs?: number
  }): Server
}
