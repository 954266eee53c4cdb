// Of a session at a prompt, only the commands can be copied: the prompt is drawn by the style, and what a command printed is
// hidden while the button copies.

for (const code of document.querySelectorAll('code.language-console')) {
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
    const pre = code.parentElement;
    pre.addEventListener('click', event => {
        if (!event.target.closest('.clip-button')) return;
        pre.classList.add('copying');
        setTimeout(() => pre.classList.remove('copying'));
    }, true);
}
