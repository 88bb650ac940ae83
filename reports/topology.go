package reports

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/haproof/haproof/harness"
)

// Sizes of the drawn topology, in points.
const (
	boxWidth, boxHeight, boxGap = 190, 46, 10
	boxesShown                  = 4
	columnGap                   = 95
)

// box is one drawn node.
type box struct {
	name, what string
	x, y       int
	more       bool // stands for nodes that are not drawn
}

// tier is one drawn column of nodes.
type tier struct {
	name  string
	nodes []box
}

// topology draws the nodes of a result as an SVG: clients, proxies, backends
// from left to right, everything else below. It is empty without nodes.
func topology(r *harness.Result) string {
	ct := drawnTrial(r)
	if ct.trial == nil || len(ct.trial.Nodes) == 0 {
		return ""
	}
	flow := []tier{{"clients", []box{{name: "clients", what: clip(offeredBy(r, protocolOf), 28)}}}}
	var below []tier
	for _, t := range tiersOf(ct.trial.Nodes) {
		direct := ct.cell.Cell.Scenario.Workload.Route == harness.RouteDirect
		switch {
		case t.name == harness.TierProxy && !direct, t.name == harness.TierBackend:
			flow = append(flow, t)
		default:
			below = append(below, t)
		}
	}
	slices.SortStableFunc(flow[1:], func(a, b tier) int { return strings.Compare(b.name, a.name) }) // proxy before backend
	return drawTopology(flow, below, r.Scenario.Name)
}

// tiersOf groups nodes by tier in their order, capped.
func tiersOf(nodes []harness.Node) []tier {
	var tiers []tier
	for _, n := range nodes {
		i := slices.IndexFunc(tiers, func(t tier) bool { return t.name == n.Tier })
		if i < 0 {
			if len(tiers) == boxesShown+1 {
				continue
			}
			i, tiers = len(tiers), append(tiers, tier{name: n.Tier})
		}
		tiers[i].nodes = append(tiers[i].nodes, box{name: clip(n.Name, 20), what: clip(strings.Join(versions([]harness.Node{n}), ""), 24)})
	}
	for i := range tiers {
		kept, omitted := first(tiers[i].nodes, boxesShown)
		if omitted > 0 {
			kept = append(slices.Clone(kept), box{name: andMore(omitted), more: true})
		}
		tiers[i].nodes = kept
	}
	return tiers
}

func drawTopology(flow, below []tier, name string) string {
	tallest := 0
	for _, t := range flow {
		tallest = max(tallest, len(t.nodes))
	}
	height := 24 + tallest*(boxHeight+boxGap)
	for i := range flow {
		for j := range flow[i].nodes {
			b := &flow[i].nodes[j]
			b.x = i * (boxWidth + columnGap)
			b.y = 24 + (tallest-len(flow[i].nodes))*(boxHeight+boxGap)/2 + j*(boxHeight+boxGap)
		}
	}
	var out strings.Builder
	for i := 1; i < len(flow); i++ {
		links(&out, flow[i-1].nodes, flow[i].nodes)
	}
	if len(below) > 0 && len(flow) > 1 {
		height = drawBelow(&out, flow[1], below, height)
	}
	for i, t := range flow {
		drawTier(&out, t, i > 0)
	}
	return fmt.Sprintf(`<svg class="topology" viewBox="-1 0 %d %d" role="img" font-family="%s" font-size="12"><title>Topology of %s</title>%s</svg>`,
		max(2, len(flow))*(boxWidth+columnGap)-columnGap+2, height, systemFonts, html.EscapeString(word(name)), out.String())
}

// drawBelow draws the remaining tiers in a row under the first served tier and
// links each to it by a dashed line: they talk to it on the side.
func drawBelow(out *strings.Builder, served tier, below []tier, height int) int {
	top := height + 34
	foot := served.nodes[len(served.nodes)-1]
	for i := range below {
		below[i].nodes, _ = first(below[i].nodes, 1+boxesShown)
		for j := range below[i].nodes {
			below[i].nodes[j].x = foot.x + i*(boxWidth+columnGap)
			below[i].nodes[j].y = top + j*(boxHeight+boxGap)
		}
		head := below[i].nodes[0]
		fmt.Fprintf(out, `<path class="k-muted" d="M%d,%dL%d,%d" stroke-dasharray="4 4" fill="none"/>`, foot.x+boxWidth/2, foot.y+boxHeight, head.x+boxWidth/2, head.y)
		if i == 0 {
			fmt.Fprintf(out, `<text class="f-muted" x="%d" y="%d">peers protocol</text>`, foot.x+boxWidth/2+8, (foot.y+boxHeight+head.y)/2+4)
		}
		drawTier(out, below[i], false)
		height = max(height, top+len(below[i].nodes)*(boxHeight+boxGap))
	}
	return height
}

// links draws a line from each box to each box of the next tier.
func links(out *strings.Builder, from, to []box) {
	out.WriteString(`<path class="k-muted" stroke-opacity=".45" fill="none" d="`)
	for _, a := range from {
		for _, b := range to {
			x, y, mid := a.x+boxWidth, a.y+boxHeight/2, (a.x+boxWidth+b.x)/2
			fmt.Fprintf(out, "M%d,%dC%d,%d %d,%d %d,%d", x, y, mid, y, mid, b.y+boxHeight/2, b.x, b.y+boxHeight/2)
		}
	}
	out.WriteString(`"/>`)
}

func drawTier(out *strings.Builder, t tier, heading bool) {
	if heading {
		fmt.Fprintf(out, `<text class="f-muted" x="%d" y="%d">%s</text>`, t.nodes[0].x, t.nodes[0].y-8, html.EscapeString(clip(t.name, 24)))
	}
	for _, b := range t.nodes {
		dashes := ""
		if b.more {
			dashes = ` stroke-dasharray="4 4"`
		}
		fmt.Fprintf(out, `<rect class="f-card k-muted" stroke-opacity=".7" x="%d" y="%d" width="%d" height="%d" rx="6"%s/>`, b.x, b.y, boxWidth, boxHeight, dashes)
		y := b.y + 20
		if b.what == "" {
			y = b.y + boxHeight/2 + 4
		}
		fmt.Fprintf(out, `<text class="f-ink" x="%d" y="%d" font-weight="600">%s</text>`, b.x+12, y, html.EscapeString(b.name))
		if b.what != "" {
			fmt.Fprintf(out, `<text class="f-muted" x="%d" y="%d">%s</text>`, b.x+12, b.y+36, html.EscapeString(b.what))
		}
	}
}
