# /// script
# dependencies = ["babel"]
#
# [tool.compat]
# kinds = ["data read by name"]
# ///
"""Locales are data files."""

import datetime

from babel import Locale, dates, numbers
from babel.localedata import locale_identifiers

day = datetime.date(2024, 2, 29)
for locale in ("en_US", "de_DE", "ja_JP", "ar_EG"):
    print(locale, dates.format_date(day, "full", locale=locale), numbers.format_currency(1234.5, "EUR", locale=locale))
print(Locale.parse("fr").languages["de"], len(locale_identifiers()) > 500)
