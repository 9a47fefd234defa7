import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { startCodeServer, workspaceQuery, writeSettings, type Settings } from '../../scripts/codeServer.ts';
import { launchChromium } from './chromium.ts';
import { installedExtensions } from './installedExtensions.ts';

const pictures = fileURLToPath(new URL('../../out/pictures', import.meta.url));

/**
 * What a window shows and knows.
 *
 * Shape: `workspace` is a folder or a .code-workspace file, none an empty window; `packages` are .vsix files to install;
 *        `trust: 'asked'` opens the workspace in Restricted Mode; `environment` is what the extension host sees in addition.
 */
export interface WindowOptions {
  readonly workspace?: string;
  readonly packages: readonly string[];
  readonly trust?: 'granted' | 'asked';
  readonly userSettings?: Settings;
  readonly machineSettings?: Settings;
  readonly environment?: Readonly<Record<string, string>>;
}

export type Theme = 'light' | 'dark' | 'hcLight' | 'hcDark';

const themes = {
  light: { label: 'Light Modern', file: 'light_modern' },
  dark: { label: 'Dark Modern', file: 'dark_modern' },
  hcLight: { label: 'Light High Contrast', file: 'hc_light' },
  hcDark: { label: 'Dark High Contrast', file: 'hc_black' },
} as const;

/** A question in the middle of the window. */
export interface Dialog {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

/**
 * A real VS Code in a real browser, with packages installed as a user installs them.
 *
 * Shape:  nothing behaves differently for the test: toasts, dialogs and trust are what a user sees. Names are given as
 *         they are read on the screen; a string matches a part of them.
 * Errors: each call waits until what it needs is there, and throws after 20 s.
 */
export class Window {
  readonly page: Page;
  readonly folder: string;
  readonly #end: () => Promise<void>;

  /** Opens a window with a profile of its own, in a temporary folder that `close` removes. */
  static async open(options: WindowOptions): Promise<Window> {
    const folder = mkdtempSync(join(tmpdir(), 'dbbackup-window-'));
    writeSettings(folder, { ...trustSettings(options), ...options.userSettings }, options.machineSettings ?? {});
    // What the user's shell does to variables would go before `environment`.
    const flags = ['--without-connection-token', '--force-disable-user-env'];
    const server = await startCodeServer({
      folder,
      extensionsFolder: installedExtensions(options.packages),
      flags: [...flags, ...(options.trust === 'asked' ? [] : ['--disable-workspace-trust'])],
      environment: { DBBACKUP_STATE: join(folder, 'state'), ...options.environment },
    });
    const home = join(folder, 'browser');
    mkdirSync(home, { recursive: true });
    const browser = await launchChromium(home);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(20_000);
    // Secrets are encrypted with a key from here; without one they are gone after a reload.
    await context.route('**/mint-key', (route) => route.fulfill({ status: 200, body: Buffer.alloc(32, 7) }));
    const page = await context.newPage();
    const end = async (): Promise<void> => {
      await browser.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    try {
      await page.goto(`http://${server.authority}/?${workspaceQuery(options.workspace).toString()}`);
      const window = new Window({ page, folder, end });
      await window.#isReady();
      return window;
    } catch (error) {
      await end();
      throw error;
    }
  }

  private constructor(parts: { page: Page; folder: string; end: () => Promise<void> }) {
    this.page = parts.page;
    this.folder = parts.folder;
    this.#end = parts.end;
  }

  /** Ends the browser and the server with all their processes, and removes the profile. */
  async close(): Promise<void> {
    await this.#end();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.#isReady();
  }

  /** Saves `out/pictures/<name>.png`. */
  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
  }

  /** Runs a command from the palette by its whole title, `Database Backup: Refresh`. */
  async runCommand(title: string): Promise<void> {
    const row = this.pickRow(title);
    for (let attempt = 1; attempt <= 10; attempt++) {
      await this.page.keyboard.press('F1');
      await this.input.fill(`>${title}`);
      if (await isSoonVisible(row)) {
        await row.click();
        return row.waitFor({ state: 'hidden' });
      }
      // An open palette does not learn of an extension that arrives.
      await this.page.keyboard.press('Escape');
      await this.input.waitFor({ state: 'hidden' });
    }
    throw new Error(`The palette has no command "${title}".`);
  }

  /** The box of the palette and of every quick pick and input box. */
  get input(): Locator {
    return this.page.locator('.quick-input-widget input:is([type="text"], [type="password"])');
  }

  /** A row of the open quick pick. */
  pickRow(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: text }).first();
  }

  /** Chooses a row of the open quick pick, and waits until VS Code has taken the answer. */
  async pick(text: string | RegExp): Promise<void> {
    const row = this.pickRow(text);
    await row.click();
    await row.waitFor({ state: 'hidden' });
  }

  /** The open question whose prompt, placeholder or title says `words`. Its box may have been another question's a moment ago. */
  question(words: string): Locator {
    const widget = this.page.locator('.quick-input-widget:visible');
    return widget
      .filter({ hasText: words })
      .or(widget.filter({ has: this.page.getByPlaceholder(words) }))
      .first();
  }

  /** Writes into the box of a question, without accepting. */
  async type(question: string, text: string): Promise<void> {
    await this.question(question).waitFor();
    await this.input.fill(text);
  }

  /** Writes into the box of a question, accepts, and waits until the question is gone. */
  async answer(question: string, text: string): Promise<void> {
    await this.type(question, text);
    await this.input.press('Enter');
    await this.question(question).waitFor({ state: 'hidden' });
  }

  /** Shows a container of the activity bar. Extensions add theirs some seconds after the window is there. */
  async showContainer(title: string): Promise<void> {
    const action = this.page.locator(`.activitybar .action-item:has(a.action-label[aria-label^="${title}"])`);
    await action.waitFor();
    const classes = (await action.getAttribute('class')) ?? '';
    if (!classes.split(' ').includes('checked')) await action.click();
    await this.page
      .locator('.sidebar .composite.title')
      .filter({ hasText: new RegExp(title, 'i') })
      .waitFor();
  }

  /** A row of a tree; `name` is matched against its accessible name. */
  row(name: string | RegExp): Locator {
    return this.page.getByRole('treeitem', { name }).first();
  }

  async expand(name: string | RegExp): Promise<void> {
    const row = this.row(name);
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
  }

  /** Selects a row, so that keys and commands are about it. */
  async select(name: string | RegExp): Promise<void> {
    await this.row(name).click();
    await this.page.locator('[role="treeitem"][aria-selected="true"]').and(this.page.getByRole('treeitem', { name })).waitFor();
  }

  /** Presses one of the buttons that a row shows under the mouse. */
  async rowAction(name: string | RegExp, action: string): Promise<void> {
    const row = this.row(name);
    await this.#leaveTooltips();
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^="${action}"]`).click();
  }

  /** Puts the mouse over a row until its tooltip says `words`, and reads it: spaces of any kind are one. */
  async tooltip(name: string | RegExp, words: string): Promise<string> {
    const tooltip = this.page.locator('.monaco-hover').filter({ hasText: words });
    // A row that is drawn anew under the mouse keeps its tooltip back until the mouse comes again.
    while (!(await tooltip.isVisible())) {
      await this.#leaveTooltips();
      await this.row(name).hover();
      await tooltip.waitFor({ timeout: 5000 }).catch(() => undefined);
    }
    return (await tooltip.innerText()).replaceAll(/\s+/g, ' ');
  }

  /** Takes the mouse off the view: the tooltip of one row covers the next, and stays while the mouse is over it. */
  async #leaveTooltips(): Promise<void> {
    const tooltip = this.page.locator('.workbench-hover').first();
    // One that opens just when the mouse leaves is closed by its next move.
    for (let step = 0; step === 0 || (await tooltip.isVisible()); step += 1) {
      await this.page.mouse.move(700 + (step % 2) * 40, 500);
      await tooltip.waitFor({ state: 'hidden', timeout: 1000 }).catch(() => undefined);
    }
  }

  /** Chooses from the menu of a row. */
  async rowMenu(name: string | RegExp, item: string): Promise<void> {
    await this.row(name).click({ button: 'right' });
    const choice = this.page.getByRole('menuitem', { name: item }).first();
    await choice.waitFor();
    // A menu that has just opened takes no click.
    while (await choice.isVisible()) {
      await choice.click({ timeout: 1000 }).catch(() => undefined);
      await choice.waitFor({ state: 'hidden', timeout: 1000 }).catch(() => undefined);
    }
  }

  /** Presses a button in the title of the view. */
  async titleAction(action: string): Promise<void> {
    const title = this.page.locator('.sidebar .pane-header, .sidebar .composite.title');
    await title.first().hover();
    await title.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** Waits for a question and reads it. */
  async dialog(): Promise<Dialog> {
    const box = this.#dialogBox();
    await box.waitFor();
    const detail = box.locator('.dialog-message-detail');
    return {
      message: await box.locator('.dialog-message-text').innerText(),
      detail: (await detail.count()) > 0 ? await detail.innerText() : '',
      // The cross in the corner is a button without a text.
      buttons: (await box.getByRole('button').allInnerTexts()).filter((text) => text !== ''),
    };
  }

  /** Answers the question with one of its buttons and waits until it is gone. */
  async answerDialog(button: string): Promise<void> {
    const box = this.#dialogBox();
    await box.getByRole('button', { name: button, exact: true }).click();
    await box.waitFor({ state: 'detached' });
  }

  #dialogBox(): Locator {
    return this.page.locator('.monaco-dialog-box[role="dialog"]');
  }

  /** A message in the corner. Three are in sight at most; information leaves after 10 s, warnings after 12. */
  toast(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text }).first();
  }

  /** The words of a message, and its buttons from the first to the last. */
  async message(text: string | RegExp): Promise<{ readonly words: string; readonly buttons: readonly string[] }> {
    const toast = this.toast(text);
    await toast.waitFor();
    return {
      words: await toast.locator('.notification-list-item-message').innerText(),
      buttons: await toast.locator('.notification-list-item-buttons-container .monaco-button').allInnerTexts(),
    };
  }

  /** A message in the list that `showNotifications` opens. Of messages that come within 0.8 s the fourth has no toast. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-center .notification-list-item').filter({ hasText: text }).first();
  }

  async showNotifications(): Promise<void> {
    await this.runCommand('Notifications: Show Notifications');
  }

  /** Presses a button of a message, by the keyboard: a message moves when one below it leaves, and a click may miss it. */
  async answerToast(text: string | RegExp, button: string): Promise<void> {
    await this.toast(text).getByRole('button', { name: button, exact: true }).press('Enter');
  }

  /** Takes all messages away, so that the next one is new. */
  async clearNotifications(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications');
    await this.toast(/./).waitFor({ state: 'hidden' });
  }

  /** Trusts the workspace, from Restricted Mode. */
  async grantTrust(): Promise<void> {
    await this.page.locator('.statusbar-item a[aria-label^="Restricted Mode"]').click();
    const editor = this.page.locator('.workspace-trust-editor');
    await editor.getByRole('button', { name: 'Trust', exact: true }).click();
    await this.page.locator('.statusbar-item a[aria-label^="Restricted Mode"]').waitFor({ state: 'detached' });
  }

  async showTheme(theme: Theme): Promise<void> {
    const { label, file } = themes[theme];
    await this.runCommand('Preferences: Color Theme');
    await this.type('Select Color Theme', label);
    await this.pick(label);
    await this.page.locator(`.monaco-workbench[class*="vscode-theme-defaults-themes-${file}-json"]`).waitFor();
  }

  async #isReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  }
}

async function isSoonVisible(locator: Locator): Promise<boolean> {
  return locator.waitFor({ timeout: 2000 }).then(
    () => true,
    () => false,
  );
}

/** Without the question at the start, a workspace that is not trusted yet opens in Restricted Mode with a banner. */
function trustSettings({ trust }: WindowOptions): Settings {
  return trust === 'asked' ? { 'security.workspace.trust.startupPrompt': 'never' } : {};
}
