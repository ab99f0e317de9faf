import Foundation

// check-arrows MANIFEST.json ROOT | --self-test

let arguments = CommandLine.arguments.dropFirst()

if arguments.first == "--self-test" {
    let failures = try SelfTest.run()
    for failure in failures { print("check-arrows --self-test: \(failure)") }
    print(
        "check-arrows --self-test: \(SelfTest.plants.count) planted cases, \(failures.count) judged wrongly"
    )
    exit(failures.isEmpty ? 0 : 1)
}

guard arguments.count == 2, let file = arguments.first, let root = arguments.last else {
    print("usage: check-arrows MANIFEST.json ROOT | --self-test")
    exit(64)
}

let inspection = try Inspection(
    manifest: Manifest(contentsOf: URL(filePath: file)),
    root: URL(filePath: root, directoryHint: .isDirectory)
)
let violations = inspection.violations
for violation in violations { print("\(violation.rule): \(violation.text)") }
print("check-arrows: \(inspection.targets.count) targets, \(violations.count) against the house")
exit(violations.isEmpty ? 0 : 1)
