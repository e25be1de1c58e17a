import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptLines, listedFiles } from './file-lists.ts'

const all = () => true
/** By a name that is in every text. */
const asking = (isAsked: (path: string) => boolean) => ({ names: new Set(['']), isAsked })
const md5 = '0123456789abcdef0123456789ABCDEF'

/** As dpkg writes `info/libc6.list`. */
const list = ['/.', '/lib', '/lib/libc.so.6', '/usr', '/usr/share', '/usr/share/doc', '/usr/bin/ldd', ''].join('\n')

describe('ecosystems/deb/file-lists', () => {
  it('keeps the lines of files, not those of directories that the next line lies in', () => {
    expect(keptLines(list, '.list', all)).toBe('/lib/libc.so.6\n/usr/share/doc\n/usr/bin/ldd\n')
    expect(keptLines(list, '.list', path => path.endsWith('ldd'))).toBe('/usr/bin/ldd\n')
    expect(keptLines(list, '.list', () => false)).toBe('')
    expect(keptLines('/a\n/b', '.list', path => path === 'b')).toBe('/b')
  })

  it('takes no file for a directory whose name another one begins with', () => {
    expect(keptLines('/usr/bin/x\n/usr/bin/xz\n/usr/bin/x/y\n', '.list', all)).toBe(
      '/usr/bin/x\n/usr/bin/xz\n/usr/bin/x/y\n',
    )
  })

  it('reads what was kept', () => {
    expect(listedFiles('/usr/bin/a\r\n./b\nc', '.list', asking(all))).toEqual([
      ['usr/bin/a', ''],
      ['b', ''],
      ['c', ''],
    ])
    const sums = `${md5}  usr/bin/a\n${md5}  ./b\nno digest\n${md5.replace('0', 'g')}  c\n${md5} \n`
    expect(
      listedFiles(
        keptLines(sums, '.md5sums', all),
        '.md5sums',
        asking(path => path !== 'b'),
      ),
    ).toEqual([['usr/bin/a', md5.toLowerCase()]])
  })

  it('looks at no line where none of few names is in the list', () => {
    const files = (names: readonly string[]) =>
      listedFiles('/usr/bin/a\n/usr/bin/b\n', '.list', { names: new Set(names), isAsked: all })

    expect(files(['c', 'd'])).toEqual([])
    expect(files(['c', 'b'])).toHaveLength(2)
    expect(files(Array.from({ length: 17 }, (_, index) => `c${index}`))).toHaveLength(2)
  })

  it('gives of kept lines what it gives of all, but for directories', () => {
    const line = fc.constantFrom('/usr', '/usr/a', '/usr/a/b', './c', 'd', '/.', '', '\r', `${md5}  usr/a`, `${md5} `)
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('.list' as const, '.md5sums' as const), (lines, form) => {
        const text = lines.join('\n')
        const keep = (path: string) => path !== 'd'
        const whole = listedFiles(text, form, asking(keep))
        const kept = listedFiles(keptLines(text, form, keep), form, asking(all))
        const directories = new Set(whole.map(([path]) => path).filter(path => text.includes(`\n/${path}/`)))

        expect(kept.filter(([path]) => !directories.has(path))).toEqual(
          whole.filter(([path]) => !directories.has(path)),
        )
      }),
    )
  })
})
