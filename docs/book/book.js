// What the pages do in a browser: colours of code, the menu of themes, copying. Debian's mdbook comes without its book.js; this
// takes its place.

(() => {

// ---- Themes.

const html = document.documentElement;
const themes = document.getElementById('theme-list');
const toggle = document.getElementById('theme-toggle');

function chosen_theme() {
    try { return localStorage.getItem('mdbook-theme'); } catch { return null; }
}

function show_theme() {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const theme = chosen_theme() ?? (dark ? default_dark_theme : default_light_theme);
    html.classList.remove(...Array.from(themes.querySelectorAll('.theme'), button => button.id));
    html.classList.add(theme);
    document.getElementById('highlight-css').disabled = !['light', 'rust'].includes(theme);
    document.getElementById('tomorrow-night-css').disabled = !['coal', 'navy'].includes(theme);
    document.getElementById('ayu-highlight-css').disabled = theme !== 'ayu';
    for (const button of themes.querySelectorAll('.theme')) {
        button.classList.toggle('theme-selected', button.id === (chosen_theme() ?? 'default_theme'));
    }
}

function open_themes(open) {
    themes.style.display = open ? 'block' : 'none';
    toggle.setAttribute('aria-expanded', open);
}

toggle.addEventListener('click', () => open_themes(themes.style.display !== 'block'));
themes.addEventListener('click', event => {
    if (!event.target.id) return;
    try {
        if (event.target.id === 'default_theme') localStorage.removeItem('mdbook-theme');
        else localStorage.setItem('mdbook-theme', event.target.id);
    } catch { /* It is for this page only then. */ }
    show_theme();
    open_themes(false);
});
document.addEventListener('keydown', event => {
    if (event.key === 'Escape') open_themes(false);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show_theme);
show_theme();

// ---- Code. Of a session at a prompt, the prompt is drawn by the style (so a selection does not have it), and the button copies the
// commands only.

for (const code of document.querySelectorAll('pre > code')) {
    const session = code.classList.contains('language-console');
    if (session) {
        const lines = code.textContent.replace(/\n$/, '').split('\n');
        code.textContent = '';
        for (const line of lines) {
            const prompt = line.match(/^[#$] /);
            const span = document.createElement('span');
            span.className = prompt ? 'command' : 'output';
            if (prompt) span.dataset.prompt = prompt[0];
            span.textContent = (prompt ? line.slice(2) : line) + '\n';
            code.append(span);
        }
    } else if (/language-(rust|c|sh|make)\b/.test(code.className)) {
        code.classList.replace('language-make', 'language-makefile');
        hljs.highlightBlock(code);
    }
    code.classList.add('hljs');

    const button = document.createElement('button');
    button.className = 'clip-button';
    button.type = 'button';
    button.title = button.ariaLabel = session ? 'Copy the commands' : 'Copy';
    button.addEventListener('click', async () => {
        const commands = Array.from(code.querySelectorAll('.command'), command => command.textContent);
        const text = session ? commands.join('') : code.textContent;
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            // Pages that were opened as files may have no clipboard.
            const area = document.createElement('textarea');
            area.value = text;
            document.body.append(area);
            area.select();
            document.execCommand('copy');
            area.remove();
        }
        button.classList.add('copied');
        setTimeout(() => button.classList.remove('copied'), 1000);
    });
    const buttons = document.createElement('div');
    buttons.className = 'buttons';
    buttons.append(button);
    code.parentElement.prepend(buttons);
}

// ---- The arrow keys turn pages.

document.addEventListener('keydown', event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest('input, textarea')) return;
    const rel = { ArrowLeft: 'prev', ArrowRight: 'next' }[event.key];
    const link = rel && document.querySelector(`.nav-chapters[rel~="${rel}"], .mobile-nav-chapters[rel~="${rel}"]`);
    if (link) location.href = link.href;
});

})();
