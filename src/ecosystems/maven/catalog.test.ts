import { describe, expect, it } from 'vitest'
import { catalogFiles } from '#test/ecosystems/catalog-files.ts'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import { maven } from './index.ts'
import { matching } from './matching.ts'

const parent = `<project><groupId>com.example</groupId><artifactId>parent</artifactId><version>1</version>
<properties><jackson.version>2.9.8</jackson.version><loop>\${loop}</loop></properties>
<dependencyManagement><dependencies>
  <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope></dependency>
  <dependency><groupId>com.example</groupId><artifactId>bom</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>
</dependencies></dependencyManagement></project>`

const bom = `<project><groupId>com.example</groupId><artifactId>bom</artifactId><version>1</version>
<dependencyManagement><dependencies>
  <dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId><version>1.26</version></dependency>
</dependencies></dependencyManagement></project>`

const child = `<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0">
<parent><groupId>com.example</groupId><artifactId>parent</artifactId><version>1</version></parent><artifactId>app</artifactId>
<dependencies>
  <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>\${jackson.version}</version></dependency>
  <dependency><groupId>\${project.groupId}</groupId><artifactId>core</artifactId><version>\${project.version}</version></dependency>
  <dependency><groupId>junit</groupId><artifactId>junit</artifactId></dependency>
  <dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId></dependency>
  <dependency><groupId>a</groupId><artifactId>exact</artifactId><version>[1.5]</version></dependency>
  <dependency><groupId>a</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency>
  <dependency><groupId>a</groupId><artifactId>unknown</artifactId></dependency>
  <dependency><groupId>a</groupId><artifactId>circle</artifactId><version>\${loop}</version></dependency>
</dependencies>
<profiles><profile><dependencies><dependency><groupId>a</groupId><artifactId>profile</artifactId><version>1</version></dependency></dependencies></profile></profiles>
</project>`

describe('ecosystems/maven/catalog', () => {
  it('makes packages of what an archive holds', async () => {
    const named = writeZip([
      {
        name: 'META-INF/maven/org.yaml/snakeyaml/pom.properties',
        content: 'version=1.26\ngroupId=org.yaml\nartifactId=snakeyaml\n',
      },
    ])
    const war = writeZip([
      { name: 'WEB-INF/lib/snakeyaml-1.26.jar', content: named },
      { name: 'WEB-INF/lib/house-2.0.jar', content: writeZip([{ name: 'com/example/X.class' }]) },
    ])

    const { packages, problems } = await catalogFiles(maven, { 'srv/ledger.war': war })

    expect(problems).toEqual([])
    expect(packages).toEqual([
      {
        purl: 'pkg:maven/org.yaml/snakeyaml@1.26',
        type: 'maven',
        name: 'org.yaml:snakeyaml',
        version: '1.26',
        licenses: [],
        state: 'installed',
        locations: [{ path: 'srv/ledger.war!/WEB-INF/lib/snakeyaml-1.26.jar' }],
      },
      {
        purl: 'pkg:generic/house@2.0',
        type: 'maven',
        name: 'house',
        version: '2.0',
        licenses: [],
        state: 'installed',
        locations: [{ path: 'srv/ledger.war!/WEB-INF/lib/house-2.0.jar' }],
      },
    ])
    expect(packages.map(pkg => matching.queries(pkg, undefined))).toEqual([
      [{ ecosystem: 'Maven', name: 'org.yaml:snakeyaml', version: '1.26' }],
      [],
    ])
  })

  it('gives up where projects inherit dependencies without end', async () => {
    const own = (artifact: string, more: string) =>
      `<project><groupId>g</groupId><artifactId>${artifact}</artifactId><version>1</version>${more}</project>`
    const inherits = '<parent><groupId>g</groupId><artifactId>parent</artifactId><version>1</version></parent>'
    const dependencies = Array.from(
      { length: 2000 },
      (_, at) => `<dependency><groupId>g</groupId><artifactId>d${at}</artifactId><version>1</version></dependency>`,
    )
    const children = Array.from({ length: 100 }, (_, at) => [`c${at}/pom.xml`, own(`c${at}`, inherits)])

    const { packages, problems } = await catalogFiles(
      maven,
      {
        ...Object.fromEntries(children),
        'pom.xml': own('parent', `<dependencies>${dependencies.join('')}</dependencies>`),
      },
      'directory',
    )

    expect(packages.length).toBeLessThan(115_000)
    expect(problems).toMatchObject([{ code: 'limit', detail: 'More than 110000 packages' }])
  })

  it('wants archives of code, and build files in a directory only', () => {
    const wants = (path: string, mode: 'installed' | 'directory', size = 1) =>
      maven.wants({ path, size, mode: 0 }, mode)

    expect(wants('a/x.jar', 'installed')).toBe(true)
    expect(wants('x.war', 'directory')).toBe(true)
    expect(wants('x.jar', 'installed', 0)).toBe(false)
    expect(wants('x-sources.jar', 'installed')).toBe(false)
    expect(wants('x-javadoc.jar', 'installed')).toBe(false)
    expect(wants('usr/lib/jvm/jmods/java.base.jmod', 'installed')).toBe(false)
    expect(wants('app/pom.xml', 'installed')).toBe(false)
    expect(wants('app/pom.xml', 'directory')).toBe(true)
    expect(wants('gradle.lockfile', 'directory')).toBe(true)
    expect(wants('Cargo.lockfile', 'directory')).toBe(false)
  })

  it('resolves versions through properties, parents, managed dependencies and BOMs of the tree', async () => {
    const { packages, problems } = await catalogFiles(
      maven,
      { 'pom.xml': parent, 'app/pom.xml': child, 'bom/pom.xml': bom },
      'directory',
    )

    expect(problems).toEqual([])
    expect(packages.map(pkg => `${pkg.name}:${pkg.version}${pkg.dev ? ' dev' : ''}`)).toEqual([
      'com.fasterxml.jackson.core:jackson-databind:2.9.8',
      'com.example:core:1',
      'junit:junit:4.12 dev',
      'org.yaml:snakeyaml:1.26',
      'a:exact:1.5',
    ])
    expect(packages.every(pkg => pkg.state === 'declared' && pkg.locations[0]?.path === 'app/pom.xml')).toBe(true)
  })

  it('ends on projects that are parents of each other and on values that unfold', async () => {
    const circle = (own: string, other: string) =>
      `<project><parent><groupId>g</groupId><artifactId>${other}</artifactId><version>1</version><relativePath>../${other}/pom.xml</relativePath></parent>
      <groupId>g</groupId><artifactId>${own}</artifactId><version>1</version>
      <properties><x>\${y}\${y}</x><y>\${x}\${x}</y></properties>
      <dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>\${x}</version></dependency></dependencies></project>`

    const { packages } = await catalogFiles(
      maven,
      { 'a/pom.xml': circle('a', 'b'), 'b/pom.xml': circle('b', 'a') },
      'directory',
    )

    expect(packages).toEqual([])
  })

  it("reads Gradle's lock files", async () => {
    const lock = `# This is a Gradle generated file for dependency locking.
com.google.guava:guava:31.1-jre=compileClasspath,runtimeClasspath,testRuntimeClasspath
junit:junit:4.13.2=testCompileClasspath,testRuntimeClasspath
empty=annotationProcessor
`

    const { packages } = await catalogFiles(
      maven,
      {
        'gradle.lockfile': lock,
        'buildscript-gradle.lockfile': 'a:plugin:1=classpath\n',
        'gradle/dependency-locks/runtimeClasspath.lockfile': 'a:old:2\n',
      },
      'directory',
    )

    expect(packages.map(pkg => [pkg.purl, pkg.dev === true, pkg.locations[0]?.line])).toEqual([
      ['pkg:maven/a/plugin@1', true, 1],
      ['pkg:maven/com.google.guava/guava@31.1-jre', false, 2],
      ['pkg:maven/junit/junit@4.13.2', true, 3],
      ['pkg:maven/a/old@2', false, 1],
    ])
  })
})
