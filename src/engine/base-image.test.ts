import { describe, expect, it } from 'vitest'
import { describeLayers } from './base-image.ts'

const step = (created_by: string, empty_layer?: boolean) => ({ created_by, ...(empty_layer && { empty_layer }) })

describe('engine/base-image', () => {
  it('ends the base at the command that further layers follow', () => {
    const history = [
      step('ADD rootfs.tar.xz / # buildkit'),
      step('CMD ["bash"]', true),
      step('RUN /bin/sh -c apt-get install -y node # buildkit'),
      step('CMD ["node"]', true),
      step('COPY app /srv # buildkit'),
      step('CMD ["node" "/srv"]', true),
    ]

    const layers = describeLayers({ history }, ['sha256:a', 'sha256:b', 'sha256:c'], true)

    expect(layers.map(({ base }) => base)).toEqual([true, true, false])
    expect(layers.map(({ step: text }) => text)).toEqual([
      'ADD rootfs.tar.xz /',
      'RUN apt-get install -y node',
      'COPY app /srv',
    ])
  })

  it('takes the lowest layer for the base where the history sets no command before', () => {
    const history = [
      { comment: 'Imported from -' },
      step('/bin/sh -c apt-get update'),
      step('/bin/sh -c #(nop)  CMD ["x"]', true),
    ]

    const layers = describeLayers({ history }, ['sha256:a', 'sha256:b'], true)

    expect(layers).toEqual([
      { diffId: 'sha256:a', step: 'Imported from -', base: true },
      { diffId: 'sha256:b', step: 'RUN apt-get update', base: false },
    ])
  })

  it('knows no base in an image of one layer or without an operating system', () => {
    expect(describeLayers({ history: [step('COPY server /')] }, ['sha256:a'], true)[0]!.base).toBe(false)
    expect(describeLayers({}, ['sha256:a', 'sha256:b'], false).some(({ base }) => base)).toBe(false)
  })

  it('names no steps where the history does not fit the layers', () => {
    const layers = describeLayers({ history: [step('RUN x')] }, ['sha256:a', 'sha256:b'], true)

    expect(layers).toEqual([
      { diffId: 'sha256:a', base: true },
      { diffId: 'sha256:b', base: false },
    ])
  })

  it.each([undefined, null, 1, 'x', [], { history: 1 }, { history: [1, null, { created_by: 1 }] }])(
    'reads %j without harm',
    config => {
      expect(describeLayers(config, ['sha256:a'], false)).toEqual([{ diffId: 'sha256:a', base: false }])
    },
  )

  it.each([`|9 ${'a='.repeat(100_000)}`, `|0 |=${'c b=='.repeat(800)}c `, `RUN |0 /=${'a /=='.repeat(800)}`])(
    'stays fast on a build step made to be slow',
    hostile => {
      expect(describeLayers({ history: [step(hostile)] }, ['sha256:a'], false)).toHaveLength(1)
    },
  )

  it('leaves out the build arguments before the shell', () => {
    const steps = ['|2 A=1 B=two words /bin/sh -c make all', 'RUN |1 A=1 /bin/sh -c make # buildkit', '|1 A=1 make']

    const read = steps.map(text => describeLayers({ history: [step(text)] }, ['sha256:a'], false)[0]!.step)

    expect(read).toEqual(['RUN make all', 'RUN make', '|1 A=1 make'])
  })
})
