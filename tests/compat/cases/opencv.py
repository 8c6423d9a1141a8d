# /// script
# dependencies = ["opencv-python-headless<5"]
#
# [tool.compat]
# kinds = ["bundled libraries", "loader that executes files"]
# ///
"""cv2's loader reads its own config files and swaps itself for the extension."""

import cv2
import numpy as np

image = np.zeros((64, 64), np.uint8)
cv2.circle(image, (32, 32), 16, 255, -1)
contours, _ = cv2.findContours(image, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
print(len(contours), cv2.contourArea(contours[0]), cv2.imencode(".png", image)[1].size)
from pathlib import Path

print(
    Path(cv2.data.haarcascades, "haarcascade_eye.xml").is_file(), len(list(Path(cv2.data.haarcascades).glob("*.xml")))
)
print(cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_eye.xml").empty())
