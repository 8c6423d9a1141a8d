NR > 1 { sum += $3 } END { print sum " mm" }
