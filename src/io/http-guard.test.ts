import { describe, expect, it } from 'vitest'
import { reachOf } from './http-guard.ts'

describe('io/http-guard', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['10.1.2.3', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'never'],
    ['169.254.169.254', 'never'],
    ['100.100.100.200', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['::1', 'loopback'],
    ['::', 'never'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['0:0:0:0:0:ffff:a00:1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'never'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['2002:7f00:1::', 'loopback'],
    ['fe80::1%eth0', 'never'],
    ['fd00:ec2::254', 'never'],
    ['fd12::1', 'private'],
    ['2606:4700::1111', 'public'],
    ['not an address', 'never'],
    ['', 'never'],
  ])('knows how far inside %s is', (address, reach) => {
    expect(reachOf(address)).toBe(reach)
  })
})
