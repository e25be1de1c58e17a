import { describe, expect, it } from 'vitest'
import { proxiesFromEnvironment, proxyFor } from './http-proxy.ts'

describe('io/http-proxy', () => {
  it.each([
    ['https://a.example/', '', 'http://proxy:3128/'],
    ['https://a.example/', 'example', undefined],
    ['https://a.example/', '.example', undefined],
    ['https://a.example/', 'b.example, a.example', undefined],
    ['https://xa.example/', 'a.example', 'http://proxy:3128/'],
    ['https://a.example/', '*', undefined],
    ['https://a.example/', '*.example', undefined],
    ['https://a.example:8443/', 'a.example:8443', undefined],
    ['https://a.example/', 'a.example:8443', 'http://proxy:3128/'],
    ['https://a.example/', 'a.example:443', undefined],
    ['https://10.1.2.3/', '10.0.0.0/8', undefined],
    ['https://11.1.2.3/', '10.0.0.0/8', 'http://proxy:3128/'],
    ['https://11.1.2.3/', '10.0.0.0/99,x/8', 'http://proxy:3128/'],
    ['https://[fd00::1]/', 'fd00::/8', undefined],
    ['https://[fd00::1]/', 'fd00::1', undefined],
    ['https://[fd00::1]:5000/', '[fd00::1]:5000', undefined],
    ['https://localhost:5000/', '', undefined],
    ['https://127.0.0.2/', '', undefined],
    ['http://a.example/', '', undefined],
  ])('decides for %s with NO_PROXY=%s', (url, no, expected) => {
    const proxy = proxyFor(new URL(url), { https: 'proxy:3128', no })

    expect(proxy?.href).toBe(expected)
  })

  it('reads the environment, lower case first', () => {
    const proxies = proxiesFromEnvironment({ https_proxy: 'a', HTTPS_PROXY: 'b', HTTP_PROXY: 'c', no_proxy: 'd' })

    expect(proxies).toEqual({ https: 'a', http: 'c', no: 'd' })
  })

  it('refuses a proxy of another kind without repeating it', () => {
    const choose = () => proxyFor(new URL('http://a.example/'), { http: 'socks5://me:hush@proxy' })

    expect(choose).toThrow('is not an http:// or https:// URL')
    expect(choose).not.toThrow('hush')
  })
})
