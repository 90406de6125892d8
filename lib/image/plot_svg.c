#include "image/plot.h"

#include "base/io.h"
#include "image/plot_chart.h"

int plot_svg_write(const char *path, const struct plot *p)
{
	int w = p->w == 0 ? 800 : p->w, h = p->h == 0 ? 480 : p->h;
	struct atomic_file f;
	if (w < 160 || h < 120)
		return err_set("plot: %d x %d pixels are too few for '%s'", w, h, path);
	TRY(plot_check(p));
	TRY(atomic_fopen(&f, path));
	plot_put_head(f.file, w, h);
	plot_put_chart(f.file, p, w, h, plot_legend_height(p, w));
	fputs("</svg>\n", f.file);
	return atomic_commit(&f);
}
