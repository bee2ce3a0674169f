# SPDX-License-Identifier: Apache-2.0
#
# plot.gp -- the ratios as a map: a row a peer, a column a cell.
# usage: gnuplot -e 'prefix="..."; metric="cpu"; about="..."' plot.gp

data = sprintf("%s-%s.dat", prefix, metric)
what = metric eq "cpu" ? "CPU time of the sender" : "wall time"

stats data using 1 nooutput
columns = STATS_max + 1
stats data using 2 nooutput
rows = STATS_max + 1

set title sprintf("%s, peer / bufv\n" \
    ."blue: bufv is faster; red: it is slower; in brackets: no verdict", what)
set xlabel about
set xrange [-0.5:columns - 0.5]
set yrange [rows - 0.5:-0.5]
set xtics rotate by 50 right scale 0
set ytics scale 0
set cbrange [-3:3]
set cbtics ("1/8" -3, "1/4" -2, "1/2" -1, "1" 0, "2" 1, "4" 2, "8" 3)
set palette defined (-3 "#b2182b", -1 "#f4a582", 0 "#ffffff", \
                     1 "#92c5de", 3 "#2166ac")
log2(x) = log(x) / log(2)
clip(x) = x > 3 ? 3 : x < -3 ? -3 : x

width = 230 + (columns < 12 ? 12 : columns) * 50
height = 190 + 30 * rows

set terminal pngcairo noenhanced size width, height font "sans,10"
set output sprintf("%s-%s.png", prefix, metric)
plot data using 1:2:(clip(log2($3))):xtic(5):ytic(6) with image \
         pixels notitle, \
     data using 1:2:4 with labels font ",8" notitle
