import './base.css';
import './panel.css';
import './shelf.css';
import './notebook.css';
import './tabs.css';
