<?php
// The application of the lab. Its query string says what to answer:
// status (200, 302, 404 or 500), size (bytes of the body), work (microseconds
// of CPU time to burn first).

const STATUSES = [200, 302, 404, 500];
const LARGEST = 16 << 20;
const LONGEST = 10000000;

// number returns a parameter, or null if it is none of the numbers allowed.
function number(string $name, int $default, int $most): ?int
{
    $text = $_GET[$name] ?? (string) $default;
    $ok = is_string($text) && preg_match('/^[0-9]{1,9}$/D', $text) && (int) $text <= $most;
    return $ok ? (int) $text : null;
}

// cpu returns the CPU time of this process in microseconds.
function cpu(): int
{
    $u = getrusage();
    return ($u['ru_utime.tv_sec'] + $u['ru_stime.tv_sec']) * 1000000 + $u['ru_utime.tv_usec'] + $u['ru_stime.tv_usec'];
}

function burn(int $microseconds): void
{
    $until = cpu() + $microseconds;
    while (cpu() < $until) {
        for ($i = 0, $x = 'haproof'; $i < 10; $i++) {
            $x = md5($x);
        }
    }
}

// fault returns what is done to this answer on purpose, such as ["slow", "200000"].
function fault(): array
{
    $file = $_SERVER['HAPROOF_FAULT'] ?? '';
    $text = $file === '' ? '' : (string) @file_get_contents($file);
    return explode(' ', $text) + ['', '0'];
}

header('X-Haproof-Php: 1');
header('Content-Type: text/plain');
$status = number('status', 200, 599);
$size = number('size', 0, LARGEST);
$work = number('work', 0, LONGEST);
if (!in_array($status, STATUSES, true) || $size === null || $work === null) {
    http_response_code(400);
    exit("status is one of 200, 302, 404, 500; size and work are numbers\n");
}
if ($work > 0) {
    burn($work);
}
[$fault, $argument] = fault();
if ($fault === 'slow') {
    usleep((int) $argument);
}
if ($fault === 'error') {
    $status = 500;
}
http_response_code($status);
if ($status === 302) {
    header('Location: /pixel.gif', true, 302);
}
// Whoever breaks off promises a byte more than comes.
header('Content-Length: ' . ($fault === 'break' ? $size + 1 : $size));
if ($_SERVER['REQUEST_METHOD'] !== 'HEAD') {
    echo str_repeat('x', $size);
}
