/** Begins each line that the tests print inside the extension host, where VS Code itself prints a lot as well. */
export const testOutputMark = 'tests| ';
