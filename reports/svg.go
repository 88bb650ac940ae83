package reports

import (
	"fmt"
	"html"
	"regexp"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// systemFonts is the font stack of plots and pages.
const systemFonts = `system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif`

// Marks in front of a drawn string that carry its anchor through gonum, which
// has no anchors. They are private-use characters, of which clip leaves none in an input.
const (
	markMiddle = "\ue001"
	markEnd    = "\ue002"
)

func anchorMark(x text.XAlignment) string {
	switch x {
	case text.XCenter:
		return markMiddle
	case text.XRight:
		return markEnd
	}
	return ""
}

var (
	svgRoot   = regexp.MustCompile(`(?s)^.*?<svg[^>]*>\s*`)
	svgStyle  = regexp.MustCompile(`\s*style="([^"]*)"`)
	svgData   = regexp.MustCompile(` d="([^"]*)"`)
	svgAnchor = regexp.MustCompile(`(<text[^>]*)>([` + markMiddle + markEnd + `])`)
)

// restyle turns gonum's SVG into ours: system fonts, classes that follow CSS
// variables, anchors, a title and a description for who cannot see it, and
// coordinates of one decimal.
func restyle(raw string, p picture, height vg.Length, alone bool) string {
	body := svgRoot.ReplaceAllLiteralString(raw, "")
	body = svgStyle.ReplaceAllStringFunc(body, func(s string) string {
		return attributes(svgStyle.FindStringSubmatch(s)[1], alone)
	})
	body = svgData.ReplaceAllStringFunc(body, func(d string) string {
		return ` d="` + compactPath(svgData.FindStringSubmatch(d)[1]) + `"`
	})
	body = svgAnchor.ReplaceAllStringFunc(body, func(s string) string {
		parts := svgAnchor.FindStringSubmatch(s)
		if parts[2] == markEnd {
			return parts[1] + ` text-anchor="end">`
		}
		return parts[1] + ` text-anchor="middle">`
	})
	return svgHead(p, height, alone) + strings.TrimSpace(body) + "\n"
}

func svgHead(p picture, height vg.Length, alone bool) string {
	size, sheet := "", ""
	if alone {
		size = fmt.Sprintf(` xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f"`, plotWidth, height)
		sheet = "<style>:root{" + variables(false) + "}@media(prefers-color-scheme:dark){:root{" + variables(true) + "}}" + shadeRules() + "</style>\n"
	}
	return fmt.Sprintf(`<svg%s viewBox="0 0 %d %.0f" role="img" font-family="%s" font-size="%v">`+"\n<title>%s</title><desc>%s</desc>\n%s",
		size, plotWidth, height, systemFonts, labelSize, html.EscapeString(p.Title), html.EscapeString(p.Desc), sheet)
}

// attributes turns the declarations of a style into attributes and classes. A
// file of its own keeps the colours too, for viewers without variables.
func attributes(style string, alone bool) string {
	out, classes := "", []string{}
	for decl := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(decl, ":")
		switch name {
		case "fill", "stroke":
			shade := shadeOf(value)
			if shade != "" {
				classes = append(classes, map[string]string{"fill": "f-", "stroke": "k-"}[name]+shade)
			}
			if shade == "" || alone {
				out += fmt.Sprintf(` %s="%s"`, name, value)
			}
		case "font-size":
			if size := strings.TrimSuffix(value, "px"); size != fmt.Sprint(labelSize) {
				out += fmt.Sprintf(` font-size="%s"`, size)
			}
		case "font-weight":
			if value != "normal" {
				out += ` font-weight="600"`
			}
		case "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray":
			out += fmt.Sprintf(` %s="%s"`, name, value)
		}
	}
	if len(classes) > 0 {
		out = fmt.Sprintf(` class="%s"`, strings.Join(classes, " ")) + out
	}
	return out
}
