import './base.css';
import './tabs.css';
import './panel.css';
import './shelf.css';
import './notebook.css';
