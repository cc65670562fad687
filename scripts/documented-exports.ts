import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * What a source file exports without a docblock, and the declarations in it that would run.
 *
 * @returns each as `path:line name`
 */
export function readExports(path: string, text: string) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const undocumented: string[] = [];
  const running: string[] = [];
  for (const statement of source.statements) {
    const line = source.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    const entry = `${path}:${line} ${nameOf(statement)}`;
    if (!ts.isInterfaceDeclaration(statement) && !ts.isTypeAliasDeclaration(statement)) {
      if (!isTypeOnly(statement)) running.push(entry);
      if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) continue;
    }
    if (!isExported(statement)) continue;
    if (ts.getJSDocCommentsAndTags(statement).length === 0) undocumented.push(entry);
    if (ts.isClassDeclaration(statement)) undocumented.push(...undocumentedMethods(path, source, statement));
  }
  return { undocumented, running };
}

function undocumentedMethods(
  path: string,
  source: ts.SourceFile,
  declaration: ts.ClassDeclaration,
): string[] {
  return declaration.members.flatMap((member) => {
    if (!ts.isMethodDeclaration(member) || ts.isPrivateIdentifier(member.name)) return [];
    if (ts.getJSDocCommentsAndTags(member).length > 0) return [];
    const line = source.getLineAndCharacterOfPosition(member.getStart()).line + 1;
    return [`${path}:${line} ${nameOf(declaration)}.${member.name.getText()}`];
  });
}

function isTypeOnly(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement))
    return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isExportDeclaration(statement) && statement.isTypeOnly;
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false;
  return ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function nameOf(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0]!.name.getText();
  const { name } = statement as ts.Statement & { name?: ts.Node };
  return name?.getText() ?? ts.SyntaxKind[statement.kind];
}

/** The sentences to fail with: exports of `lib/ports` and `lib/core` without a docblock, and ports that run. */
export function problemsOfRooms(): string[] {
  const problems: string[] = [];
  for (const room of ['lib/ports', 'lib/core']) {
    for (const name of readdirSync(room).filter((file) => file.endsWith('.ts'))) {
      const path = join(room, name);
      const { undocumented, running } = readExports(path, readFileSync(path, 'utf8'));
      problems.push(...undocumented.map((entry) => `${entry} is exported without a docblock.`));
      if (room === 'lib/ports') problems.push(...running.map((entry) => `${entry} runs; ports are types.`));
    }
  }
  return problems;
}
