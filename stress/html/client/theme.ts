// SPDX-License-Identifier: GPL-2.0-only
/** Light or dark: as the system says, until somebody chooses; the choice is kept where there is storage. */

const KEY = 'kioctx-theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;

function isDark(): boolean {
  const { theme = '' } = root.dataset;
  return theme === '' ? systemIsDark.matches : theme === 'dark';
}

function keep(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // a file opened from disk may have no storage; the choice then lasts as long as the page
  }
}

/** @param changed - called after each change */
export function enableTheme(changed: () => void): void {
  const button = document.getElementById('theme');
  if (button === null) return;
  const say = (): void => {
    button.textContent = isDark() ? 'Light theme' : 'Dark theme';
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    root.dataset['theme'] = isDark() ? 'light' : 'dark';
    keep(root.dataset['theme']);
    say();
    changed();
  });
  systemIsDark.addEventListener('change', () => {
    say();
    changed();
  });
  say();
}
