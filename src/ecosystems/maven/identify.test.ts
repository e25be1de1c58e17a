import { describe, expect, it } from 'vitest'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import { readArchive } from './archive.ts'
import { splitFileName } from './file-name.ts'

const slf4jPom = `<project><parent><groupId>org.slf4j</groupId><artifactId>slf4j-parent</artifactId>
<version>1.7.36</version></parent><artifactId>slf4j-api</artifactId>
<licenses><license><name>MIT License</name></license></licenses></project>`

describe('ecosystems/maven/identify', () => {
  it.each([
    [
      'properties',
      'x/guava.jar',
      { [props('com.google.guava', 'guava')]: body('com.google.guava', 'guava', '31.1-jre') },
      ['com.google.guava:guava:31.1-jre'],
    ],
    [
      'a pom.xml without properties',
      'slf4j-api.jar',
      { 'META-INF/maven/org.slf4j/slf4j-api/pom.xml': slf4jPom },
      ['org.slf4j:slf4j-api:1.7.36'],
    ],
    [
      'a damaged pom.xml and the file name',
      'slf4j-api-1.7.36.jar',
      { 'META-INF/maven/org.slf4j/slf4j-api/pom.xml': '<project' },
      ['org.slf4j:slf4j-api:1.7.36'],
    ],
    [
      'properties with an unresolved version',
      'a-2.jar',
      { [props('g', 'a')]: body('g', 'a', '$'.concat('{revision}')) },
      ['g:a:2'],
    ],
    [
      'several properties',
      'app-1.jar',
      { [props('g', 'app')]: body('g', 'app', '1'), [props('h', 'lib')]: body('h', 'lib', '2') },
      ['g:app:1', 'h:lib:2'],
    ],
    [
      'properties under a class directory',
      'app.war',
      { [`WEB-INF/classes/${props('g', 'a')}`]: body('g', 'a', '1') },
      ['g:a:1'],
    ],
    [
      'a well-known name with its directory',
      'spring-core-5.3.16.jar',
      { 'org/springframework/core/Ordered.class': '' },
      ['org.springframework:spring-core:5.3.16'],
    ],
    [
      'a well-known name and shaded packages',
      'graphql-java-21.3.jar',
      { 'graphql/GraphQL.class': '', [props('h', 'lib')]: body('h', 'lib', '2') },
      ['com.graphql-java:graphql-java:21.3', 'h:lib:2'],
    ],
    [
      'a well-known name before a version',
      'hibernate-core-5.6.15.Final.jar',
      { 'org/hibernate/Session.class': '' },
      ['org.hibernate:hibernate-core:5.6.15.Final'],
    ],
    [
      'a well-known name from a version on',
      'hibernate-core-6.4.4.Final.jar',
      { 'org/hibernate/Session.class': '' },
      ['org.hibernate.orm:hibernate-core:6.4.4.Final'],
    ],
    [
      'a manifest for the version',
      'lib/catalina.jar',
      {
        'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\r\nImplementation-Version: 9.0.83\r\n',
        'org/apache/catalina/Host.class': '',
      },
      ['org.apache.tomcat:tomcat-catalina:9.0.83'],
    ],
    [
      'a Jenkins manifest',
      'plugins/git.hpi',
      { 'META-INF/MANIFEST.MF': 'Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 5.2.1\n' },
      ['org.jenkins-ci.plugins:git:5.2.1'],
    ],
    [
      'a place in a Maven repository',
      'root/.m2/repository/com/example/a/1.0/a-1.0.jar',
      { 'x.class': '' },
      ['com.example:a:1.0'],
    ],
    [
      "a place in Gradle's cache",
      'caches/modules-2/files-2.1/com.example/a/1.0/0a1b/a-1.0.jar',
      { 'x.class': '' },
      ['com.example:a:1.0'],
    ],
    [
      'a well-known name on something else',
      'spring-core-1.0.jar',
      { 'com/example/X.class': '' },
      ['?:spring-core:1.0'],
    ],
    ['a name and version alone', 'internal-tool-1.4.2.jar', { 'com/example/X.class': '' }, ['?:internal-tool:1.4.2']],
    [
      'a manifest that names a vendor and a bundle',
      'tool-1.jar',
      { 'META-INF/MANIFEST.MF': 'Implementation-Vendor-Id: com.vendor\nBundle-SymbolicName: com.vendor.tool\n' },
      ['?:tool:1'],
    ],
    ['nothing at all', 'app.jar', { 'com/example/X.class': '' }, []],
  ])('knows an archive by %s', (_title, path, members, expected) => {
    const bytes = writeZip(Object.entries(members).map(([name, content]) => ({ name, content })))
    const handle = fileHandle(path, bytes)

    const { packages, problems } = readArchive({ path, source: handle, inflate: handle.inflateRaw })

    expect(problems).toEqual([])
    expect(packages.map(pkg => `${pkg.group ?? '?'}:${pkg.artifact}:${pkg.version}`)).toEqual(expected)
  })

  it('takes licences from the pom.xml', () => {
    const bytes = writeZip([{ name: 'META-INF/maven/org.slf4j/slf4j-api/pom.xml', content: slf4jPom }])
    const handle = fileHandle('a.jar', bytes)

    const { packages } = readArchive({ path: 'a.jar', source: handle, inflate: handle.inflateRaw })

    expect(packages[0]?.licenses).toEqual(['MIT License'])
  })

  // Names as Maven Central publishes them.
  it.each([
    ['log4j-1.2-api-2.14.1', 'log4j-1.2-api', '2.14.1'],
    ['akka-actor_2.13-2.6.21', 'akka-actor_2.13', '2.6.21'],
    ['guava-31.1-jre', 'guava', '31.1-jre'],
    ['javassist-3.20.0-GA', 'javassist', '3.20.0-GA'],
    ['zstd-jni-1.5.5-2', 'zstd-jni', '1.5.5-2'],
    ['bcprov-jdk15on-1.70', 'bcprov-jdk15on', '1.70'],
    ['spring-2.5.6.SEC03', 'spring', '2.5.6.SEC03'],
    ['netty-transport-native-epoll-4.1.104.Final-linux-x86_64', 'netty-transport-native-epoll', '4.1.104.Final'],
    ['xml-apis-1.0.b2', 'xml-apis', '1.0.b2'],
    ['app', 'app', undefined],
    ['app-1.0-of-acme', 'app-1.0-of-acme', undefined],
    ['', '', undefined],
  ])('splits the file name %s', (stem, artifact, version) => {
    expect(splitFileName(stem)).toEqual({ artifact, ...(version !== undefined && { version }) })
  })
})

function props(group: string, artifact: string): string {
  return `META-INF/maven/${group}/${artifact}/pom.properties`
}

function body(group: string, artifact: string, version: string): string {
  return `version=${version}\ngroupId=${group}\nartifactId=${artifact}\n`
}
