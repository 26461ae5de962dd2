import { describe, expect, it } from 'vitest'
import { type DoorHeaders, refusalOfPage } from '../../../local/endpoint/foreign-page.ts'

const HOST = 'localhost:8000'
const api = (headers: DoorHeaders) => refusalOfPage({ host: HOST, ...headers }, { ownPages: true })
const aws = (headers: DoorHeaders) => refusalOfPage({ host: HOST, ...headers }, { ownPages: false })

describe('requests that are accepted', () => {
  it.each<[string, DoorHeaders]>([
    ['curl', {}],
    ['fetch of Node, which says its mode', { 'sec-fetch-mode': 'cors' }],
    ['another name of this machine', { host: '127.0.0.1:8000' }],
    ['its IPv6 address', { host: '[::1]:8000' }],
    ['no port', { host: 'localhost' }],
    ['another port, which a tunnel brings along', { host: 'localhost:9000' }],
    ['a name in capitals', { host: 'LOCALHOST:8000' }],
    ['a typed address', { 'sec-fetch-site': 'none' }],
    ['its own page, reading', { 'sec-fetch-site': 'same-origin' }],
    ['its own page, posting', { origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' }],
    ['its own page by address', { host: '127.0.0.1:8000', origin: 'http://127.0.0.1:8000' }],
    ['its own page by IPv6', { host: '[::1]:8000', origin: 'http://[::1]:8000' }],
    ['its own page through a tunnel', { host: 'localhost:9000', origin: 'http://localhost:9000' }],
    ['its own page at port 80', { host: 'localhost:80', origin: 'http://localhost' }],
  ])('foreign/D2, D3: %s', (_name, headers) => {
    expect(api(headers)).toBeUndefined()
  })
})

describe('requests that are refused', () => {
  it.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['a stranger', 'evil.example'],
    ['a stranger with our port', 'evil.example:8000'],
    ['a name that begins like ours', 'localhost.evil.example:8000'],
    ['a name that ends like ours', 'evil-localhost:8000'],
    ['a name with our address in it', '127.0.0.1.nip.example:8000'],
    ['all addresses', '0.0.0.0:8000'],
    ['our address as a number', '2130706433:8000'],
    ['a user before ours', 'evil@localhost:8000'],
    ['ours before a stranger', 'localhost:8000@evil.example'],
    ['a port that is none', 'localhost:8000.evil.example'],
    ['two lines', 'localhost:8000\nevil.example'],
    ['the mapped address', '[::ffff:127.0.0.1]:8000'],
  ])('foreign/D1: Host names %s', (_name, host) => {
    expect(api({ host })).toContain('Host is')
    expect(aws({ host })).toContain('Host is')
  })

  it.each([
    'https://evil.example',
    'null',
    '',
    'http://localhost',
    'http://localhost:3000',
    'http://localhost:80001',
    'https://localhost:8000',
    'http://127.0.0.1:8000',
    'http://[::1]:8000',
    'http://localhost:8000.evil.example',
    'http://evil.example/http://localhost:8000',
    'http://localhost:8000, https://evil.example',
    'file://',
    'chrome-extension://abcdefgh',
  ])('foreign/D2: Origin %s', (origin) => {
    expect(api({ origin })).toContain('Origin is')
  })

  it.each(['cross-site', 'same-site', '', 'SAME-ORIGIN', 'same-origin, cross-site'])(
    'foreign/D3: Sec-Fetch-Site %s',
    (site) => {
      expect(api({ 'sec-fetch-site': site })).toContain('Sec-Fetch-Site is')
      expect(aws({ 'sec-fetch-site': site })).toContain('Sec-Fetch-Site is')
    },
  )

  it('foreign/D2: any page at the endpoint of AWS, its own address too', () => {
    expect(aws({ origin: `http://${HOST}` })).toContain('only programs')
  })

  it('quotes at most a line of the request', () => {
    expect(api({ origin: 'x'.repeat(10_000) })?.length).toBeLessThan(200)
    expect(api({ host: 'x'.repeat(10_000) })?.length).toBeLessThan(250)
  })
})
