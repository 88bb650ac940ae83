package containers

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// aptSource is one line of a sources.list, or one stanza of a .sources file.
type aptSource struct {
	uris, suites, components []string
	signedBy                 string
}

// hostMirror returns the mirror of Debian's main archive that the machine under
// root uses itself, or nothing if it is no Debian or names none.
func hostMirror(root string) string {
	release, err := os.ReadFile(filepath.Join(root, "etc/os-release"))
	if err != nil || !slices.Contains(strings.Split(string(release), "\n"), "ID=debian") {
		return ""
	}
	for _, s := range hostSources(root) {
		if mirror := s.debian(); mirror != "" {
			return mirror
		}
	}
	return ""
}

// hostSources reads apt's sources. A file that cannot be read has none.
func hostSources(root string) []aptSource {
	dir := filepath.Join(root, "etc/apt")
	oneLine, _ := filepath.Glob(filepath.Join(dir, "sources.list.d/*.list")) // the pattern is valid
	stanzas, _ := filepath.Glob(filepath.Join(dir, "sources.list.d/*.sources"))
	var sources []aptSource
	for _, file := range append([]string{filepath.Join(dir, "sources.list")}, oneLine...) {
		text, _ := os.ReadFile(file)
		sources = append(sources, parseOneLine(string(text))...)
	}
	for _, file := range stanzas {
		text, _ := os.ReadFile(file)
		sources = append(sources, parseStanzas(string(text))...)
	}
	return sources
}

// debian returns the source's URI if that is an archive of Debian itself: other
// archives name the same suites, so its keyring or its path has to tell.
func (s aptSource) debian() string {
	if !slices.Contains(s.components, "main") {
		return ""
	}
	if !slices.ContainsFunc(s.suites, func(suite string) bool { return !strings.ContainsAny(suite, "-/") }) {
		return "" // only updates or security
	}
	for _, uri := range s.uris {
		known := strings.Contains(path.Base(s.signedBy), "debian-archive") || path.Base(uri) == "debian"
		if known && (strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://")) {
			return uri
		}
	}
	return ""
}

// parseOneLine reads "deb [signed-by=KEYRING] URI SUITE COMPONENT…", see
// sources.list(5).
func parseOneLine(text string) []aptSource {
	var sources []aptSource
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "deb ")
		if !ok {
			continue
		}
		var s aptSource
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			var options string
			options, rest, _ = strings.Cut(rest[1:], "]")
			for _, option := range strings.Fields(options) {
				if keyring, ok := strings.CutPrefix(option, "signed-by="); ok {
					s.signedBy = keyring
				}
			}
		}
		words := strings.Fields(rest)
		if len(words) < 3 {
			continue
		}
		s.uris, s.suites, s.components = words[:1], words[1:2], words[2:]
		sources = append(sources, s)
	}
	return sources
}

// parseStanzas reads deb822 stanzas, see sources.list(5).
func parseStanzas(text string) []aptSource {
	var sources []aptSource
	fields := map[string]string{}
	end := func() {
		if slices.Contains(strings.Fields(fields["types"]), "deb") && fields["enabled"] != "no" {
			sources = append(sources, aptSource{
				uris: strings.Fields(fields["uris"]), suites: strings.Fields(fields["suites"]),
				components: strings.Fields(fields["components"]), signedBy: fields["signed-by"],
			})
		}
		maps.DeleteFunc(fields, func(string, string) bool { return true })
	}
	last := ""
	for line := range strings.Lines(text) {
		name, value, isField := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			end()
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
			fields[last] += " " + strings.TrimSpace(line)
		case isField:
			last = strings.ToLower(strings.TrimSpace(name))
			fields[last] = strings.TrimSpace(value)
		}
	}
	end()
	return sources
}
