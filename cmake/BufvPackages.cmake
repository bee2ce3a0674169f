# Packages for distributions: filled in below.
